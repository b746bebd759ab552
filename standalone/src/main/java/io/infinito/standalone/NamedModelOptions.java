package io.infinito.standalone;

import io.infinito.checkpoint.CheckpointReference;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.standalone.serving.InferenceClient;
import io.infinito.standalone.serving.StoredModels;
import io.infinito.storage.ObjectStore;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command is about, where it lies, and whether to wait until it is served. */
final class NamedModelOptions {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 200;

    @Option(
            names = "--model-name",
            paramLabel = "NAME",
            defaultValue = "default",
            description = "The model's name. Default: ${DEFAULT-VALUE}.")
    private String name;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    String name() {
        return name;
    }

    boolean json() {
        return output.json();
    }

    Terminal terminal() {
        return output.terminal();
    }

    <T> T inStore(Function<StoredModels, T> work) {
        try (ObjectStore store = connection.objectStore()) {
            return work.apply(new StoredModels(store, Clock.systemUTC()));
        }
    }

    /** What the inference service says, if it answers and follows this model. */
    Optional<GetModelResponse> served() {
        try (InferenceClient client = connection.inferenceClient()) {
            return client.description()
                    .filter(model -> model.getModel().getName().equals(name));
        }
    }

    /**
     * Returns when the inference service serves a version.
     *
     * @param pinnedAt of the pin that says so; empty: no pin
     * @throws CommandFailure if it refuses, follows another model, or takes more than a minute
     */
    void await(CheckpointReference checkpoint, String pinnedAt) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        String last = "it does not answer";
        try (InferenceClient client = connection.inferenceClient()) {
            while (System.nanoTime() < end) {
                Optional<GetModelResponse> answer = client.description();
                if (answer.isPresent()) {
                    GetModelResponse model = answer.get();
                    if (!model.getModel().getName().equals(name)) {
                        throw new CommandFailure("the inference service follows model "
                                + model.getModel().getName() + ", not " + name + ": it cannot be waited for");
                    }
                    boolean heard = model.getPinnedAt().equals(pinnedAt)
                            && model.getWantedVersion().equals(checkpoint.version());
                    if (heard && model.getModel().getSha256().equals(checkpoint.manifestSha256())) {
                        return;
                    }
                    if (heard && !model.getLastRefusal().isEmpty()) {
                        throw new CommandFailure("the inference service refuses it: " + model.getLastRefusal());
                    }
                    last = model.getObstacle().isEmpty() ? "it has not looked yet" : model.getObstacle();
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
        throw new CommandFailure("the inference service does not serve " + checkpoint.version() + " after "
                + PATIENCE.toSeconds() + " s: " + last);
    }
}
