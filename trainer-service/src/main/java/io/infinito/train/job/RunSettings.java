package io.infinito.train.job;

import java.util.Locale;
import java.util.Set;

/**
 * How this trainer runs its jobs.
 *
 * @param device what {@code training.device} means when a request does not say: auto, cpu or cuda
 * @param readBackEvery steps that the device is given before what they found is read; 0: the device's usual number
 * @param maxDeathsInARow attempts that may be killed one after the other at the same checkpoint before a job is given up; 0: any number
 */
record RunSettings(String device, int readBackEvery, int maxDeathsInARow) {
    private static final Set<String> DEVICES = Set.of("auto", "cpu", "cuda");
    /** Figures of so many steps are kept on the device. */
    private static final int MOST_READ_BACK = 10_000;

    /** @throws IllegalArgumentException naming the setting that does not fit */
    RunSettings {
        device = device.toLowerCase(Locale.ROOT);
        require(DEVICES.contains(device), "device", device, "auto, cpu or cuda");
        require(
                readBackEvery >= 0 && readBackEvery <= MOST_READ_BACK,
                "read-back-every",
                readBackEvery,
                "0 to " + MOST_READ_BACK);
        require(maxDeathsInARow >= 0, "max-deaths-in-a-row", maxDeathsInARow, "at least 0");
    }

    static RunSettings of(TrainerConfig config) {
        return new RunSettings(config.device(), config.readBackEvery(), config.maxDeathsInARow());
    }

    private static void require(boolean valid, String setting, Object value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("infinito.trainer." + setting + "=" + value + " must be " + expected);
        }
    }
}
