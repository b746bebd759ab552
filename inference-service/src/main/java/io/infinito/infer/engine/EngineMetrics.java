package io.infinito.infer.engine;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.function.IntSupplier;

/** What the decode thread did. */
public final class EngineMetrics {
    private final MeterRegistry registry;
    private final Counter tokens;
    private final Timer timeToFirstToken;

    /** Meters in {@code registry}. */
    public EngineMetrics(MeterRegistry registry) {
        this.registry = registry;
        tokens = Counter.builder("infinito.tokens.generated")
                .description("Tokens sampled")
                .register(registry);
        timeToFirstToken = Timer.builder("infinito.time.to.first.token")
                .description("From the request to its first sampled token, waiting included")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        for (Finish.Reason reason : Finish.Reason.values()) {
            requests(reason.name());
        }
    }

    void countActive(IntSupplier running, IntSupplier waiting) {
        Gauge.builder("infinito.requests.running", running::getAsInt)
                .description("Generations that take turns")
                .register(registry);
        Gauge.builder("infinito.requests.waiting", waiting::getAsInt)
                .description("Generations that wait for a place")
                .register(registry);
    }

    void token() {
        tokens.increment();
    }

    void firstToken(Duration time) {
        timeToFirstToken.record(time);
    }

    void ended(String reason) {
        requests(reason).increment();
    }

    private Counter requests(String reason) {
        return Counter.builder("infinito.requests")
                .description("Generations that ended, by the reason")
                .tag("reason", reason.toLowerCase(Locale.ROOT))
                .register(registry);
    }
}
