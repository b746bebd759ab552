package io.infinito.infer;

import io.infinito.infer.engine.EngineLimits;
import io.infinito.infer.model.DeviceChoice;
import io.infinito.infer.model.FormatChoice;
import io.infinito.infer.model.ServedAlias;
import io.infinito.infer.sampling.Penalties;
import io.infinito.infer.sampling.SamplingSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Settings of inference-service. */
@ConfigMapping(prefix = "infinito.inference")
public interface InferenceConfig {
    /** Name of the model that is followed and served. */
    @WithDefault("default")
    String model();

    /** {@code auto} (CUDA when there is one), {@code cpu} or {@code cuda}. */
    @WithDefault("auto")
    DeviceChoice device();

    /** Threads of one operation on the CPU; 0: half of the processors, as 1, 2 or 4. */
    @WithDefault("0")
    int threads();

    /** How matrices are kept: {@code auto}, {@code fp32} (exact), on a CPU {@code fp16}, {@code int8} or {@code mixed}, on CUDA {@code bf16}. */
    @WithDefault("auto")
    FormatChoice format();

    /** Generations that are fed in one batch; each holds a cache of keys and values for one context. */
    @WithDefault("16")
    int maxRunning();

    /** Generations that wait for a place; more are refused. */
    @WithDefault("64")
    int maxWaiting();

    /** Of these, those of one client. */
    @WithDefault("32")
    int maxWaitingPerClient();

    /** How long reading prompts may hold up what is being decoded; a piece of 32 tokens is read even where that takes longer. */
    @WithDefault("50ms")
    Duration prefillBudget();

    /** How long a stream may leave what was sent unread before it is dropped. */
    @WithDefault("30s")
    Duration slowReaderTimeout();

    /** The most tokens that one request may ask for. */
    @WithDefault("4096")
    int maxNewTokens();

    /** The most sequences of one request: n times its prompts. */
    @WithDefault("16")
    int maxSequences();

    /** Where checkpoints are downloaded to. */
    @WithDefault("${java.io.tmpdir}/infinito-inference")
    Path cacheDirectory();

    /** Whether the newest complete checkpoint is served too, as {@code name@last}; it needs the memory of a second model. */
    @WithDefault("false")
    boolean serveLast();

    /** How often the store is asked for a new model, besides at each event. */
    @WithDefault("10s")
    Duration pollInterval();

    /** How long what runs may go on when the service is told to stop. */
    @WithDefault("20s")
    Duration drainTimeout();

    /** What a request gets that does not say. */
    Sampling sampling();

    /** Defaults of a request. */
    interface Sampling {
        /** 0 is greedy. */
        @WithDefault("0.8")
        double temperature();

        /** 0: all tokens. */
        @WithDefault("50")
        int topK();

        /** Probability mass that is kept. */
        @WithDefault("1")
        double topP();

        /** Over 1 makes repetition less likely. */
        @WithDefault("1")
        double repetitionPenalty();

        /** Tokens that the penalty looks back at; 0: all. */
        @WithDefault("64")
        int repetitionWindow();

        /** Share of the likeliest token's probability that others must have. */
        @WithDefault("0")
        double minP();

        /** Probability mass of typical tokens that is kept. */
        @WithDefault("1")
        double typicalP();

        /** Over 0 makes what was sampled less likely. */
        @WithDefault("0")
        double presencePenalty();

        /** Over 0 makes what was sampled often less likely. */
        @WithDefault("0")
        double frequencyPenalty();

        /** Tokens that are sampled. */
        @WithDefault("128")
        int maxNewTokens();

        /** Those of the sampler. Messages carry the configuration's names, not those of a request's fields. */
        default SamplingSettings settings() {
            try {
                return new SamplingSettings(
                        temperature(),
                        topK(),
                        topP(),
                        minP(),
                        typicalP(),
                        new Penalties(repetitionPenalty(), repetitionWindow(), presencePenalty(), frequencyPenalty()),
                        Map.of());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "infinito.inference." + e.getMessage().replace('_', '-'), e);
            }
        }
    }

    /** The engine's share of these settings. */
    default EngineLimits limits() {
        return new EngineLimits(
                maxRunning(), maxWaiting(), maxWaitingPerClient(), prefillBudget(), slowReaderTimeout());
    }

    /** What requests are filled in with and bounded by. */
    default RequestDefaults requestDefaults() {
        return new RequestDefaults(sampling().settings(), sampling().maxNewTokens(), maxNewTokens(), maxSequences());
    }

    /** The name that is followed, as it stands in keys and paths. */
    default String modelName() {
        if (!Pattern.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", model())) {
            throw new IllegalArgumentException("infinito.inference.model='" + model()
                    + "' must be 1 to 100 letters, digits, '.', '_' or '-', and not start with '.'");
        }
        return model();
    }

    /** The aliases that are followed. */
    default Set<ServedAlias> served() {
        return serveLast() ? EnumSet.allOf(ServedAlias.class) : EnumSet.of(ServedAlias.BEST);
    }

    /** The time for what runs when the service stops. */
    default Duration checkedDrainTimeout() {
        if (drainTimeout().isNegative()) {
            throw new IllegalArgumentException(
                    "infinito.inference.drain-timeout=" + drainTimeout() + " must be at least 0");
        }
        return drainTimeout();
    }

    /** The pause between two looks at the store. */
    default Duration checkedPollInterval() {
        if (pollInterval().toMillis() < 1) {
            throw new IllegalArgumentException(
                    "infinito.inference.poll-interval=" + pollInterval() + " must be longer than 0");
        }
        return pollInterval();
    }
}
