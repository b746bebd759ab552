package io.infinito.train.job;

import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What {@code train.jobs} tells of the running job, and counts over all jobs of this process, for Prometheus. */
@Startup
@ApplicationScoped
public class TrainerMetrics {
    private static final String PREFIX = "infinito.train.";
    private static final double PERCENT = 100;

    private final MeterRegistry registry;
    private final Heartbeat heartbeat;
    private final Counter steps;
    private final Counter tokens;
    private final Counter epochs;
    private final Timer checkpoints;
    private final Counter checkpointFailures;

    TrainerMetrics(MeterRegistry registry, Heartbeat heartbeat) {
        this.registry = registry;
        this.heartbeat = heartbeat;
        steps = registry.counter(PREFIX + "steps");
        tokens = registry.counter(PREFIX + "tokens");
        epochs = registry.counter(PREFIX + "epochs");
        checkpoints = registry.timer(PREFIX + "checkpoint.upload");
        checkpointFailures = registry.counter(PREFIX + "checkpoint.failures");
        Gauge.builder(PREFIX + "running", () -> heartbeat.status().isPresent() ? 1 : 0)
                .register(registry);
        gauge("attempt", TrainJobStatus::getAttempt);
        gauge("epoch", TrainJobStatus::getEpoch);
        gauge("step", TrainJobStatus::getStep);
        gauge("step.target", TrainJobStatus::getTotalSteps);
        gauge("progress.ratio", status -> status.getPercent() / PERCENT);
        gauge("eta.seconds", TrainJobStatus::getEtaSeconds);
        gauge("tokens.per.second", TrainJobStatus::getTokensPerSecond);
        gauge("mfu.ratio", status -> status.hasMfu() ? status.getMfu() : Double.NaN);
        gauge("loss", TrainJobStatus::getLoss);
        gauge("best.validation.loss", TrainJobStatus::getBestValidationLoss);
        gauge("gradient.norm", TrainJobStatus::getGradientNorm);
        gauge("learning.rate", TrainJobStatus::getLearningRate);
        gauge("skipped.steps", TrainJobStatus::getSkippedSteps);
        gauge("resident.memory.bytes", TrainJobStatus::getResidentMemoryBytes);
        gauge("device.memory.bytes", TrainJobStatus::getDeviceMemoryBytes);
    }

    private void gauge(String name, ToDoubleFunction<TrainJobStatus> figure) {
        Gauge.builder(
                        PREFIX + name,
                        heartbeat,
                        beating -> beating.status().map(figure::applyAsDouble).orElse(Double.NaN))
                .strongReference(true)
                .register(registry);
    }

    void step(int trainedTokens) {
        steps.increment();
        tokens.increment(trainedTokens);
    }

    void epoch() {
        epochs.increment();
    }

    void checkpoint(long nanos) {
        checkpoints.record(Duration.ofNanos(nanos));
    }

    void checkpointFailed() {
        checkpointFailures.increment();
    }

    void ended(Phase phase) {
        registry.counter(PREFIX + "jobs", "phase", phase.name().toLowerCase(Locale.ROOT))
                .increment();
    }
}
