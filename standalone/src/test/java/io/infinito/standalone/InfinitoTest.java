package io.infinito.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.infinito.events.ProtoJson;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.training.v1.ModelSpec;
import io.infinito.training.v1.TrainRequest;
import io.infinito.training.v1.TrainingSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class InfinitoTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine infinito =
            Infinito.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "quickstart",
                "up",
                "train",
                "watch",
                "jobs",
                "dataset",
                "cancel",
                "generate",
                "export",
                "model",
                "bench",
                "completion"
            })
    void everyCommandExplainsItself(String command) {
        assertThat(infinito.execute(command, "--help")).isZero();
        assertThat(out.toString()).contains("Usage: infinito " + command).contains("--");
        assertThat(infinito.getUsageMessage()).contains("  " + command);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quickstart", "up", "train", "watch", "jobs", "cancel", "generate", "export"})
    void everyCommandSpeaksJson(String command) {
        infinito.execute(command, "--help");
        assertThat(out.toString()).contains("--json");
    }

    @Test
    void wrongUsageEndsWithTwoAndAHint() {
        assertThat(infinito.execute("train", "--epoch", "3")).isEqualTo(2);
        assertThat(err.toString()).contains("--epoch").contains("Try 'infinito train --help'");
        assertThat(infinito.execute()).isEqualTo(2);
        assertThat(infinito.execute("watch")).isEqualTo(2);
    }

    @Test
    void aWrongValueIsWrongUsage() {
        assertThat(infinito.execute("jobs", "--port-offset", "99999")).isEqualTo(2);
        assertThat(err.toString()).contains("--port-offset 99999");
    }

    @Test
    void aBrokerThatIsNotThereEndsWithOneAndOneLine() {
        assertThat(infinito.execute("jobs", "--kafka", "127.0.0.1:1")).isEqualTo(1);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("infinito: cannot reach Kafka at 127.0.0.1:1");
    }

    @Test
    void trainingOptionsBecomeARequest() throws Exception {
        TrainRequest request = training(
                "--dataset=s3://texts/a.txt",
                "--preset=tiny",
                "--epochs=3",
                "--max-steps=7",
                "--learning-rate=0.001",
                "--batch-size=4",
                "--seed=5",
                "--model-name=poet",
                "--job-id=mine");
        assertThat(request)
                .isEqualTo(ProtoJson.parse(
                                "{'jobId':'mine','modelName':'poet','dataset':{'source':'s3://texts/a.txt'},"
                                        + "'model':{'preset':'tiny'},'training':{'epochs':3,'maxSteps':7,"
                                        + "'learningRate':0.001,'batchSize':4,'seed':'5'}}",
                                TrainRequest.newBuilder())
                        .build());
    }

    /** Whatever a request can say of model and training can be said on the command line. */
    @Test
    void everyFieldOfARequestHasAnOption() {
        Map<String, CommandLine.Model.OptionSpec> options =
                new CommandLine(new TrainingOptions()).getCommandSpec().optionsMap();
        Stream.of(ModelSpec.getDescriptor(), TrainingSpec.getDescriptor())
                .flatMap(message -> message.getFields().stream())
                .map(FieldDescriptor::getName)
                .flatMap(field -> switch (field) {
                    case "dropout" -> Stream.of("dropout-embedding", "dropout-attention", "dropout-residual");
                    case "sample_prompts" -> Stream.of("sample-prompt");
                    default -> Stream.of(field.replace('_', '-'));
                })
                .forEach(option -> assertThat(options).containsKey("--" + option));
        assertThat(options)
                .containsKeys("--deadline-seconds", "--init-model", "--init-manifest", "--init-hugging-face");
    }

    @Test
    void learningOptionsBecomeFieldsOfTheirNames() throws Exception {
        assertThat(training(
                        "--layers=3",
                        "--no-tied-head",
                        "--schedule=constant-with-decay",
                        "--guard=skip",
                        "--random-offset",
                        "--dropout-residual=0.3",
                        "--sample-prompt=One",
                        "--sample-prompt=Two",
                        "--device=cpu",
                        "--init-model=poet",
                        "--deadline-seconds=60",
                        "--job-id=mine"))
                .isEqualTo(ProtoJson.parse(
                                "{'jobId':'mine','dataset':{'source':'builtin:tiny-tales'},"
                                        + "'model':{'layers':3,'tiedHead':false},'initFrom':{'modelName':'poet'},"
                                        + "'deadlineSeconds':60,'training':{'schedule':'CONSTANT_WITH_DECAY',"
                                        + "'guard':'SKIP','randomOffset':true,'dropout':{'residual':0.3},"
                                        + "'samplePrompts':['One','Two'],'device':'CPU'}}",
                                TrainRequest.newBuilder())
                        .build());
        assertThat(infinito.execute("train", "--schedule=steep")).isEqualTo(2);
        assertThat(err.toString()).contains("--schedule steep");
    }

    @Test
    void theRecipeIsARequest() {
        TrainRequest request = training("--request=../recipes/wikitext-2.json");
        assertThat(request.getDataset().getSource()).isEqualTo("wikitext-2-raw-v1");
        assertThat(request.getJobId()).isNotEmpty();
    }

    @Test
    void withoutOptionsTheBuiltInTextIsTrainedOnUnderANewId() {
        TrainRequest request = training();
        assertThat(request.getDataset().getSource()).isEqualTo("builtin:tiny-tales");
        assertThat(request.getJobId())
                .matches("job-\\d{8}-\\d{6}-[0-9a-f]{4}")
                .isNotEqualTo(training().getJobId());
    }

    @Test
    void optionsStandOverTheRequestFile() throws IOException {
        Path file = Files.writeString(
                dir.resolve("request.json"),
                "{\"jobId\":\"mine\",\"dataset\":{\"source\":\"file:/a\"},\"training\":{\"epochs\":9,\"clipNorm\":0.5}}");
        TrainRequest request = training("--request=" + file, "--epochs=2");
        assertThat(request.getJobId()).isEqualTo("mine");
        assertThat(request.getDataset().getSource()).isEqualTo("file:/a");
        assertThat(request.getTraining().getEpochs()).isEqualTo(2);
        assertThat(request.getTraining().getClipNorm()).isEqualTo(0.5);
    }

    @Test
    void aRequestFileWithAnUnknownFieldIsWrongUsage() throws IOException {
        Path file = Files.writeString(dir.resolve("request.json"), "{\"epochs\":9}");
        assertThat(infinito.execute("train", "--request=" + file)).isEqualTo(2);
        assertThat(err.toString()).contains("unknown field 'epochs'");
    }

    @Test
    void aRelativePathMeansTheUsersDirectory() {
        assertThat(training("--dataset=file:some/../text.txt").getDataset().getSource())
                .isEqualTo("file:" + Path.of("text.txt").toAbsolutePath());
        assertThat(training("--dataset=file:/data/text.txt").getDataset().getSource())
                .isEqualTo("file:/data/text.txt");
    }

    @Test
    void onlyGivenSamplingOptionsAreSent() {
        SamplingOptions options = new SamplingOptions();
        new CommandLine(options).parseArgs("--temperature=0", "--stop=x", "--stop=y", "--max-tokens=5");
        GenerateRequest request = options.toRequest("Hello");
        assertThat(request.getText()).isEqualTo("Hello");
        assertThat(request.getSampling().hasTemperature()).isTrue();
        assertThat(request.getSampling().hasTopK()).isFalse();
        assertThat(request.getStopping().getStopList()).containsExactly("x", "y");
        assertThat(request.getStopping().getMaxNewTokens()).isEqualTo(5);
    }

    @Test
    void everySamplingOptionReachesTheRequest() {
        SamplingOptions options = new SamplingOptions();
        new CommandLine(options)
                .parseArgs(
                        "--min-p=0.1",
                        "--typical-p=0.9",
                        "--repetition-window=0",
                        "--presence-penalty=-1",
                        "--frequency-penalty=1",
                        "--logit-bias=7=-2.5",
                        "--n=3",
                        "--logprobs=2",
                        "--stop-token=13",
                        "--include-stop",
                        "--min-tokens=4",
                        "--ignore-eos",
                        "--truncate",
                        "--served-model=tales@best");
        GenerateRequest request = options.toRequest("Hello");
        assertThat(request.getModel()).isEqualTo("tales@best");
        assertThat(request.getTruncatePrompt()).isTrue();
        assertThat(request.getSampling().getMinP()).isEqualTo(0.1f);
        assertThat(request.getSampling().getTypicalP()).isEqualTo(0.9f);
        assertThat(request.getSampling().hasRepetitionWindow()).isTrue();
        assertThat(request.getSampling().getPresencePenalty()).isEqualTo(-1);
        assertThat(request.getSampling().getFrequencyPenalty()).isEqualTo(1);
        assertThat(request.getSampling().getLogitBiasMap()).containsEntry(7, -2.5f);
        assertThat(request.getSampling().getN()).isEqualTo(3);
        assertThat(request.getSampling().getLogprobs()).isEqualTo(2);
        assertThat(request.getStopping().getStopTokenIdsList()).containsExactly(13);
        assertThat(request.getStopping().getIncludeStop()).isTrue();
        assertThat(request.getStopping().getMinNewTokens()).isEqualTo(4);
        assertThat(request.getStopping().getIgnoreEos()).isTrue();
    }

    private static TrainRequest training(String... args) {
        TrainingOptions options = new TrainingOptions();
        new CommandLine(options).parseArgs(args);
        return options.toRequest();
    }
}
