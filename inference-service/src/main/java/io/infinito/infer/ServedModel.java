package io.infinito.infer;

import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ModelIdentity;
import io.infinito.infer.model.ServedAlias;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/** From the name in a request to the model that answers it. */
@ApplicationScoped
public class ServedModel {
    private static final int LONGEST_NAME = 256;

    private final ModelFollower follower;

    /** Called by the container. */
    public ServedModel(ModelFollower follower) {
        this.follower = follower;
    }

    /**
     * The model that a request names.
     *
     * @param name empty, {@code best} or {@code last}, the name that is followed, or that name with {@code @best}, {@code @last} or {@code @}
     *     and a loaded version
     * @return with one user more, who releases it
     * @throws IllegalArgumentException if it is too long
     * @throws ModelUnavailableException if another one is named, or none is loaded
     */
    LoadedModel acquire(String name) throws ModelUnavailableException {
        ServedAlias alias = alias(name);
        LoadedModel model = follower.acquire(alias)
                .orElseThrow(() -> new ModelUnavailableException(
                        "model: none is loaded yet: " + follower.state(alias).obstacle(), true));
        String version = version(name);
        if (!version.isEmpty() && !version.equals(model.identity().version())) {
            // It was swapped out since the alias was found.
            model.release();
            throw notServed(name);
        }
        return model;
    }

    /**
     * The alias under which a request's model is served.
     *
     * @param name as in {@link #acquire}
     * @throws IllegalArgumentException if it is too long, or no text
     * @throws ModelUnavailableException if another one is named
     */
    ServedAlias alias(String name) throws ModelUnavailableException {
        if (name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    "model has " + name.length() + " characters, at most " + LONGEST_NAME + " are allowed");
        }
        RequestReader.requireReadable("model", name);
        List<ServedAlias> followed = follower.aliases();
        if (name.isEmpty() || name.equals(follower.modelName())) {
            return ServedAlias.BEST;
        }
        Optional<ServedAlias> alias = followed.stream()
                .filter(a -> name.equals(a.label()) || name.equals(follower.modelName() + "@" + a.label()))
                .findFirst();
        String version = version(name);
        return alias.or(() -> followed.stream()
                        .filter(a -> !version.isEmpty() && version.equals(loaded(a)))
                        .findFirst())
                .orElseThrow(() -> notServed(name));
    }

    /** The version that a name asks for; empty if it asks for an alias or another model. */
    private String version(String name) {
        String prefix = follower.modelName() + "@";
        String version = name.startsWith(prefix) ? name.substring(prefix.length()) : "";
        boolean isAlias = follower.aliases().stream().anyMatch(alias -> version.equals(alias.label()));
        return isAlias ? "" : version;
    }

    private String loaded(ServedAlias alias) {
        return follower.state(alias).serving().map(ModelIdentity::version).orElse("");
    }

    private ModelUnavailableException notServed(String name) {
        StringJoiner served = new StringJoiner(", ");
        for (ServedAlias alias : follower.aliases()) {
            String version = loaded(alias);
            served.add(follower.modelName() + "@" + alias.label()
                    + (version.isEmpty() ? " (not loaded yet)" : " (" + version + ")"));
        }
        return new ModelUnavailableException("model=" + name + " is not served here, only " + served, false);
    }
}
