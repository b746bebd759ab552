package io.infinito.train.job;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

/** Settings of the trainer. */
@ConfigMapping(prefix = "infinito.trainer")
public interface TrainerConfig {
    /** What {@code training.device} means when a request does not say: auto, cpu or cuda. */
    @WithDefault("auto")
    String device();

    /** Where token files and checkpoints under way lie. Made when missing. */
    @WithDefault("${java.io.tmpdir}/infinito-trainer")
    Path workFolder();

    /** Time between two statuses of a running job. */
    @WithDefault("1s")
    Duration statusInterval();

    /** Silence on train.jobs after which a running job is taken over by whoever is given its request again. */
    @WithDefault("20s")
    Duration takeoverAfter();

    /**
     * Steps that the device is given before their losses and norms are read back; 0: 1 on a CPU, 10 on CUDA. The figures are the
     * same, they only come later.
     */
    @WithDefault("0")
    int readBackEvery();

    /**
     * A job is given up when so many trainers in a row were killed while they trained, none of them beyond the same checkpoint; 0:
     * never. The usual killer is the system that is out of memory.
     */
    @WithDefault("5")
    int maxDeathsInARow();

    /** How long the broker may take to answer at start. */
    @WithDefault("2m")
    Duration startupTimeout();

    /** A job whose last step is longer ago than this makes the service unhealthy. */
    @WithDefault("10m")
    Duration stallAfter();
}
