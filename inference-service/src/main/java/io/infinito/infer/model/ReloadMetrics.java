package io.infinito.infer.model;

import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/** Counts of what became of new checkpoints. */
public final class ReloadMetrics {
    private final MeterRegistry registry;
    private final Timer reloads;
    private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);

    /** Meters in {@code registry}. */
    public ReloadMetrics(MeterRegistry registry) {
        this.registry = registry;
        reloads = Timer.builder("infinito.model.reload")
                .description("Checkpoints that were loaded and swapped in")
                .register(registry);
        // All of them from the start: a counter that appears with its first count has no rate.
        for (Reason reason : Reason.values()) {
            refused.put(
                    reason,
                    Counter.builder("infinito.model.reload.refused")
                            .description("Checkpoints that were refused")
                            .tag("reason", reason.tag())
                            .register(registry));
        }
    }

    /** Shows how many versions are in memory: those that are served, and older ones that requests still use. */
    void countLoaded(Supplier<Number> count) {
        Gauge.builder("infinito.models.loaded", count)
                .description("Versions of models in memory")
                .register(registry);
    }

    void reloaded(Duration time) {
        reloads.record(time);
    }

    void refused(Reason reason) {
        refused.get(reason).increment();
    }
}
