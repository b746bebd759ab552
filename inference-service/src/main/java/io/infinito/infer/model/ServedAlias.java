package io.infinito.infer.model;

import java.util.Locale;

/** What a name without a version may mean. */
public enum ServedAlias {
    /** What {@code best.json} names, or the pin while there is one. */
    BEST,
    /** The newest complete checkpoint of the job that the best one is of. */
    LAST;

    /** As it stands behind the {@code @}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
