package io.infinito.infer.engine;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/** What the decode thread did. */
public final class EngineMetrics {
    private final MeterRegistry registry;
    private final Counter tokens;
    private final Counter promptTokens;
    private final Timer timeToFirstToken;
    private final Timer pass;
    private final Timer modelPass;
    private final Timer sampling;
    private final DistributionSummary sequences;

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
        promptTokens = Counter.builder("infinito.tokens.read")
                .description(
                        "Tokens of prompts that were read, those that were read again behind a full context included")
                .register(registry);
        pass = Timer.builder("infinito.pass")
                .description("One pass of the decode loop: the model, sampling, and handing over")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        modelPass = Timer.builder("infinito.pass.model")
                .description("The model's part of a pass")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        sampling = Timer.builder("infinito.pass.sampling")
                .description("A pass's choice of tokens, and their text")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        sequences = DistributionSummary.builder("infinito.pass.sequences")
                .description("Sequences that were fed in one pass")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        for (Finish.Reason reason : Finish.Reason.values()) {
            requests(reason.name());
        }
    }

    void countActive(IntSupplier running, IntSupplier waiting) {
        Gauge.builder("infinito.requests.running", running::getAsInt)
                .description("Generations that are fed in one batch")
                .register(registry);
        Gauge.builder("infinito.requests.waiting", waiting::getAsInt)
                .description("Generations that wait for a place")
                .register(registry);
    }

    /** One pass through one model. */
    void pass(int fed, int read, long modelNanos, long samplingNanos, long allNanos) {
        sequences.record(fed);
        promptTokens.increment(read);
        modelPass.record(modelNanos, TimeUnit.NANOSECONDS);
        sampling.record(samplingNanos, TimeUnit.NANOSECONDS);
        pass.record(allNanos, TimeUnit.NANOSECONDS);
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
