package io.infinito.standalone;

import io.infinito.dataset.DatasetClient;
import io.infinito.dataset.DatasetFailedException;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.DatasetSpec.EncodingErrors;
import io.infinito.dataset.v1.SplitRule;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetTable;
import io.infinito.standalone.datasets.LiveLine;
import io.infinito.standalone.datasets.PreparationLine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code infinito dataset prepare}: have a text made into tokens. */
@Command(
        name = "prepare",
        mixinStandardHelpOptions = true,
        header = "Make a text into tokens.",
        description = "%nPublishes a dataset request. A dataset that exists already is answered at once.%n")
final class DatasetPrepareCommand implements Callable<Integer> {
    /** Silence after which it is time to say that nobody may be there. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** What becomes of bytes that are not UTF-8. */
    enum OnEncodingError {
        REFUSE,
        REPLACE
    }

    @Parameters(
            paramLabel = "SOURCE",
            description = "builtin:tiny-tales, file:PATH (a file, a folder or a glob), s3://BUCKET/KEY, http(s)://..., "
                    + "hf://OWNER/NAME/CONFIG[@REVISION], or a short name such as wikitext-2-raw-v1.")
    private String source;

    @Option(
            names = "--tokenizer",
            paramLabel = "NAME",
            description = "gpt2, or the path of a tokenizer.json that the services can read. Default: gpt2.")
    private String tokenizer;

    @Option(
            names = "--validation-ratio",
            paramLabel = "X",
            description = "Share of the text for validation, where the source does not say. Default: 0.1.")
    private Double validationRatio;

    @Option(
            names = "--test-ratio",
            paramLabel = "X",
            description = "Share of the text for testing, where the source does not say. Default: 0.")
    private Double testRatio;

    @Option(
            names = "--train",
            paramLabel = "GLOB",
            description = "Files of the source's folder to train on. Repeatable.")
    private List<String> train = List.of();

    @Option(names = "--validation", paramLabel = "GLOB", description = "Files to validate on. Repeatable.")
    private List<String> validation = List.of();

    @Option(names = "--test", paramLabel = "GLOB", description = "Files to test on. Repeatable.")
    private List<String> test = List.of();

    @Option(
            names = "--text-field",
            paramLabel = "NAME",
            description = "The field of JSON lines, or the column of Parquet, that is the text. Default: text.")
    private String textField;

    @Option(
            names = "--separator",
            paramLabel = "TEXT",
            description = "Put between two documents, for example '<|endoftext|>'. Default: nothing.")
    private String separator;

    @Option(
            names = "--encoding-errors",
            paramLabel = "refuse|replace",
            description = "What becomes of bytes that are not UTF-8. Default: refuse.")
    private OnEncodingError encodingErrors;

    @Option(names = "--wait", description = "Wait until it is ready; exit code 1 if it fails.")
    private boolean wait;

    @Mixin
    private DatasetOptions datasets;

    private boolean heard;

    @Override
    public Integer call() {
        DatasetRequest request = DatasetClient.request(spec());
        DatasetTopics topics = datasets.topics(Topic.DATASET_REQUESTS, Topic.DATASETS);
        DatasetClient client = new DatasetClient(topics, "cli");
        Terminal terminal = datasets.terminal();
        if (!wait) {
            client.send(request);
            announce(terminal, request);
            terminal.say("'infinito dataset list' shows what becomes of it.");
            return 0;
        }
        announce(terminal, request);
        LiveLine line = datasets.liveLine();
        try {
            DatasetManifest ready = client.prepare(
                            request,
                            progress -> {
                                heard = true;
                                line.show(PreparationLine.of(progress));
                            },
                            sayWhenNobodyAnswers(terminal))
                    .orElseThrow();
            line.end();
            terminal.say("Dataset " + ready.getDatasetId() + " is ready.");
            if (datasets.output().json()) {
                terminal.result(ProtoJson.print(ready));
            } else {
                DatasetTable.splits(ready, DatasetShowCommand.CONTEXT).forEach(terminal::result);
            }
            return 0;
        } catch (DatasetFailedException e) {
            line.end();
            if (datasets.output().json()) {
                terminal.result(ProtoJson.print(e.manifest()));
            }
            throw e;
        }
    }

    /**
     * The dataset that the options describe.
     *
     * @throws IllegalArgumentException if a share is not one
     */
    DatasetSpec spec() {
        DatasetSpec.Builder spec = DatasetSpec.newBuilder().setSource(SourcePath.absolute(source));
        if (tokenizer != null) {
            spec.setTokenizer(SourcePath.tokenizer(tokenizer));
        }
        SplitRule.Builder split = SplitRule.newBuilder()
                .addAllTrain(train)
                .addAllValidation(validation)
                .addAllTest(test);
        if (validationRatio != null) {
            requireShare("--validation-ratio", validationRatio, validationRatio > 0);
            split.setValidationRatio(validationRatio);
        }
        if (testRatio != null) {
            requireShare("--test-ratio", testRatio, testRatio >= 0);
            split.setTestRatio(testRatio);
        }
        if (!split.build().equals(SplitRule.getDefaultInstance())) {
            spec.setSplit(split);
        }
        if (textField != null) {
            spec.setTextField(textField);
        }
        if (separator != null) {
            spec.setDocumentSeparator(separator);
        }
        if (encodingErrors != null) {
            spec.setEncodingErrors(
                    switch (encodingErrors) {
                        case REFUSE -> EncodingErrors.REFUSE;
                        case REPLACE -> EncodingErrors.REPLACE;
                    });
        }
        return spec.build();
    }

    private static void requireShare(String option, double value, boolean largeEnough) {
        if (!largeEnough || !(value < 1)) {
            throw new IllegalArgumentException(option + " " + value + ": must be a share of the text, such as 0.1");
        }
    }

    private void announce(Terminal terminal, DatasetRequest request) {
        if (datasets.output().json()) {
            terminal.result("{\"request\":" + ProtoJson.print(request) + "}");
        } else {
            terminal.say("Request " + request.getRequestId() + " is submitted: "
                    + request.getDataset().getSource());
        }
    }

    private BooleanSupplier sayWhenNobodyAnswers(Terminal terminal) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        return () -> {
            if (!heard && System.nanoTime() > end) {
                heard = true;
                terminal.say("No answer yet: is the dataset service running? Waiting; Ctrl-C ends the wait.");
            }
            return false;
        };
    }
}
