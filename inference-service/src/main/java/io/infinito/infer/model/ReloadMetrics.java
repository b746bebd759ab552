package io.infinito.infer.model;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Counts of what became of new checkpoints. */
public final class ReloadMetrics {
    private final Timer reloads;
    private final Counter refused;

    /** Meters in {@code registry}. */
    public ReloadMetrics(MeterRegistry registry) {
        reloads = Timer.builder("infinito.model.reload")
                .description("Checkpoints that were loaded and swapped in")
                .register(registry);
        refused = Counter.builder("infinito.model.reload.refused")
                .description("Checkpoints that were refused")
                .register(registry);
    }

    void reloaded(Duration time) {
        reloads.record(time);
    }

    void refused() {
        refused.increment();
    }
}
