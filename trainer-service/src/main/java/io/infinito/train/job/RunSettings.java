package io.infinito.train.job;

import java.util.Locale;
import java.util.Set;

/**
 * How this trainer runs its jobs.
 *
 * @param device what {@code training.device} means when a request does not say: auto, cpu or cuda
 * @param readBackEvery steps that the device is given before what they found is read; 0: the device's usual number
 */
record RunSettings(String device, int readBackEvery) {
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
    }

    static RunSettings of(TrainerConfig config) {
        return new RunSettings(config.device(), config.readBackEvery());
    }

    private static void require(boolean valid, String setting, Object value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("infinito.trainer." + setting + "=" + value + " must be " + expected);
        }
    }
}
