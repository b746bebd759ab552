package io.infinito.train.job;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.infinito.training.v1.TrainingSpec;

/** Which device a job runs on. */
final class Devices {
    private Devices() {}

    /**
     * Chooses.
     *
     * @param asked of the request
     * @param fallback of the configuration: auto, cpu or cuda
     * @throws IllegalArgumentException if CUDA is asked for and there is none
     */
    static Device choose(Engine engine, TrainingSpec.Device asked, String fallback) {
        String wanted = switch (asked) {
            case DEVICE_UNSPECIFIED, UNRECOGNIZED -> fallback;
            case AUTO -> "auto";
            case CPU -> "cpu";
            case CUDA -> "cuda";
        };
        boolean cuda = engine.getGpuCount() > 0;
        return switch (wanted) {
            case "auto" -> cuda ? Device.gpu() : Device.cpu();
            case "cpu" -> Device.cpu();
            case "cuda" -> {
                if (!cuda) {
                    throw new IllegalArgumentException("training.device=CUDA, but this trainer sees no CUDA device");
                }
                yield Device.gpu();
            }
            default -> throw new IllegalArgumentException("device '" + wanted + "' must be auto, cpu or cuda");
        };
    }
}
