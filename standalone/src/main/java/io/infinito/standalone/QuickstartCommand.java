package io.infinito.standalone;

import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.standalone.jobs.JobListener;
import io.infinito.standalone.jobs.JobReader;
import io.infinito.standalone.jobs.JobTopics;
import io.infinito.standalone.serving.InferenceClient;
import io.infinito.standalone.stack.Port;
import io.infinito.standalone.stack.Ports;
import io.infinito.standalone.stack.Stack;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infinito quickstart}: from nothing to generated text. */
@Command(
        name = "quickstart",
        mixinStandardHelpOptions = true,
        header = "Start everything, train a small model and let it write.",
        description =
                "%nStarts everything as 'infinito up' does, trains, and generates a text with the best checkpoint. "
                        + "Then everything stays up until Ctrl-C, or stops at once with --exit.%n")
final class QuickstartCommand implements Callable<Integer> {
    private static final Duration SERVING_PATIENCE = Duration.ofMinutes(2);
    private static final long SERVING_POLL_MILLIS = 250;
    /** Long enough to judge a tiny model, short enough to read. */
    private static final int SAMPLE_TOKENS = 120;
    /** A model this small knows what it has often seen: it is asked for its likely words, in a setting that it knows. */
    private static final float SAMPLE_TEMPERATURE = 0.3f;

    private static final String TALE_PROMPT = "Lily had a small red ball";
    private static final String ANY_PROMPT = "The";

    @Mixin
    private TrainingOptions training;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "The text to continue. Default: the beginning of a tale, or of any sentence.")
    private String prompt;

    @Option(names = "--exit", description = "Stop everything when the text is written.")
    private boolean exit;

    @Mixin
    private StackOptions stackOptions;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws InterruptedException {
        TrainRequest request = training.toRequest();
        if (prompt == null) {
            prompt = request.getDataset().getSource().startsWith("builtin:") ? TALE_PROMPT : ANY_PROMPT;
        }
        Terminal terminal = output.terminal();
        try (Stack stack = stackOptions.start(output)) {
            ServedEpoch served = train(stack, request);
            generate(stack, served);
            sayHowToGoOn(request.getJobId());
            if (exit) {
                return 0;
            }
            terminal.say("Everything stays up. Ctrl-C stops it.");
            throw new CommandFailure(stack.awaitDeath());
        }
    }

    private ServedEpoch train(Stack stack, TrainRequest request) {
        Ports ports = stackOptions.ports();
        JobTopics topics = new JobTopics(ports.address(Port.BROKER), "");
        output.terminal()
                .say("Training job " + request.getJobId() + " on "
                        + request.getDataset().getSource());
        ServedEpoch served = new ServedEpoch(output.jobListener());
        topics.submit(request);
        try (JobReader reader = topics.reader()) {
            Optional<TrainJobStatus> last = reader.follow(
                    request.getJobId(), served, () -> stack.death().isEmpty());
            requireAlive(stack);
            TrainJobStatus end = last.orElseThrow(() -> new CommandFailure("stopped before the job ended"));
            if (end.getPhase() != TrainJobStatus.Phase.COMPLETED) {
                throw new CommandFailure("job " + request.getJobId() + " is " + end.getPhase()
                        + (end.getError().isEmpty() ? "" : ": " + end.getError()));
            }
        }
        return served;
    }

    private void generate(Stack stack, ServedEpoch served) throws InterruptedException {
        Terminal terminal = output.terminal();
        try (InferenceClient client = new InferenceClient(stackOptions.ports().address(Port.INFERENCE_GRPC))) {
            GetModelResponse model = awaitServed(stack, client, served.version);
            terminal.say("");
            terminal.say("Model " + model.getModel().getName() + " serves "
                    + model.getModel().getVersion() + ":");
            terminal.say("");
            StoppingCriteria.Builder stopping = StoppingCriteria.newBuilder().setMaxNewTokens(SAMPLE_TOKENS);
            if (prompt.equals(TALE_PROMPT)) {
                // A paragraph is a tale.
                stopping.addStop("\n\n");
            }
            GenerateCommand.stream(
                    client,
                    GenerateRequest.newBuilder()
                            .setText(prompt)
                            .setSampling(SamplingParams.newBuilder().setTemperature(SAMPLE_TEMPERATURE))
                            .setStopping(stopping)
                            .build(),
                    output);
        }
    }

    /** Waits for this job's best checkpoint, unless an older one of another job is better or the model is pinned. */
    private static GetModelResponse awaitServed(Stack stack, InferenceClient client, String version)
            throws InterruptedException {
        long end = System.nanoTime() + SERVING_PATIENCE.toNanos();
        while (true) {
            requireAlive(stack);
            Optional<GetModelResponse> model = client.model();
            if (model.isPresent()
                    && (version == null
                            || !model.get().getPinnedAt().isEmpty()
                            || version.equals(model.get().getModel().getVersion()))) {
                return model.get();
            }
            if (System.nanoTime() > end) {
                String obstacle =
                        client.description().map(GetModelResponse::getObstacle).orElse("");
                throw new CommandFailure(
                        "the inference service does not serve " + (version == null ? "a model" : version)
                                + " after " + SERVING_PATIENCE.toSeconds() + " s"
                                + (obstacle.isEmpty() ? ": see its log" : ": " + obstacle));
            }
            Thread.sleep(SERVING_POLL_MILLIS);
        }
    }

    private static void requireAlive(Stack stack) {
        stack.death().ifPresent(death -> {
            throw new CommandFailure(death);
        });
    }

    private void sayHowToGoOn(String jobId) {
        if (exit) {
            output.terminal().say("");
            output.terminal().say("Done. './infinito up' starts everything again, with this model.");
            return;
        }
        String options = stackOptions.clientOptions();
        String text = """

                In another terminal:
                  ./infinito generate "%s"%s
                  ./infinito train --dataset file:YOUR.txt --epochs 3 --wait%s
                  ./infinito jobs%s
                  ./infinito export %s DIR%s
                """.formatted(prompt, options, options, options, jobId, options);
        text.lines().forEach(output.terminal()::say);
    }

    /** Remembers which checkpoint of the job serving will follow. */
    private static final class ServedEpoch implements JobListener {
        private final JobListener listener;
        private String version;

        ServedEpoch(JobListener listener) {
            this.listener = listener;
        }

        @Override
        public void status(TrainJobStatus status) {
            listener.status(status);
        }

        @Override
        public void epoch(EpochCompleted epoch) {
            listener.epoch(epoch);
            if (epoch.getServed()) {
                version = "%s/step-%08d".formatted(epoch.getJobId(), epoch.getStep());
            }
        }
    }
}
