package io.infinito.train.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.infinito.train.LearningRateSchedule;
import io.infinito.train.TrainingPlan;
import io.infinito.train.job.RequestReader.RejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestReaderTest {
    private static final String DATASET = "\"dataset\":{\"source\":\"builtin:tiny-tales\"}";

    @Test
    void fillsInWhatIsMissing() throws RejectedException {
        TrainingJob job = RequestReader.read("{" + DATASET + "}", "job-0-7");
        assertThat(job.jobId()).isEqualTo("job-0-7");
        assertThat(job.modelName()).isEqualTo("default");
        assertThat(job.plan().sizes().layers()).isEqualTo(4);
        assertThat(job.plan().epochs()).isEqualTo(3);
        assertThat(job.plan().schedule().shape()).isEqualTo(LearningRateSchedule.Shape.COSINE);
        assertThat(job.plan().schedule().minimum())
                .isEqualTo(job.plan().schedule().peak() / 10);
        assertThat(job.plan().optimizer().clipNorm()).isEqualTo(1);
        assertThat(job.canonicalJson()).contains("\"jobId\":\"job-0-7\"").contains("\"modelName\":\"default\"");
    }

    @Test
    void replacesWhatIsGiven() throws RejectedException {
        TrainingJob job = RequestReader.read(
                "{\"jobId\":\"demo\",\"model\":{\"preset\":\"gpt-45m\",\"layers\":2},\"training\":{\"epochs\":2,"
                        + "\"clipNorm\":0,\"seed\":\"9\",\"dropout\":{\"residual\":0.1},\"schedule\":\"LINEAR\"},"
                        + DATASET
                        + "}",
                "x");
        assertThat(job.jobId()).isEqualTo("demo");
        assertThat(job.plan().sizes().layers()).isEqualTo(2);
        assertThat(job.plan().sizes().hidden()).isEqualTo(512);
        assertThat(job.plan().epochs()).isEqualTo(2);
        assertThat(job.plan().optimizer().clipNorm()).isZero();
        assertThat(job.plan().seed()).isEqualTo(9);
        assertThat(job.plan().dropout().residual()).isEqualTo(0.1);
        assertThat(job.plan().schedule().shape()).isEqualTo(LearningRateSchedule.Shape.LINEAR);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            not json                                            | not JSON
            {"jobId":"a","optimiser":{}}                        | unknown field 'optimiser'
            {"jobId":"a","training":{"epoch":2}}                | unknown field 'epoch'
            {"jobId":"a","training":{"epochs":"two"}}           | training.epochs
            {"jobId":"a","training":{"schedule":"STEEP"}}       | training.schedule
            """)
    void refusesWhatIsNoRequest(String json, String reason) {
        assertThatThrownBy(() -> RequestReader.read(json, "fallback"))
                .isInstanceOfSatisfying(RejectedException.class, e -> {
                    assertThat(e.readable()).isFalse();
                    assertThat(e.jobId()).isEqualTo(json.startsWith("{") ? "a" : "fallback");
                })
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "jobId":"../x"                                  | jobId='../x'
            "jobId":"a","modelName":"a b"                   | modelName='a b'
            "jobId":"a","model":{"preset":"huge"}           | model.preset='huge' is unknown; there are tiny, gpt-16m
            "jobId":"a","model":{"hidden":100,"heads":3}    | model.hidden=100 must be a multiple of model.heads=3
            "jobId":"a","model":{"context":1}               | model.context=1 must be at least 2
            "jobId":"a","training":{"epochs":0}             | training.epochs=0 must be at least 1
            "jobId":"a","training":{"batchSize":-1}         | training.batchSize=-1
            "jobId":"a","training":{"batchSize":1000000}    | training.batchSize=1000000 must be at most
            "jobId":"a","training":{"learningRate":0}       | training.learningRate=0.0
            "jobId":"a","training":{"learningRate":"NaN"}   | training.learningRate=NaN
            "jobId":"a","training":{"minLearningRate":1}    | training.minLearningRate=1.0
            "jobId":"a","training":{"dropout":{"residual":1}} | training.dropout.residual=1.0
            "jobId":"a","training":{"beta2":1}              | training.beta2=1.0
            "jobId":"a","training":{"maxSteps":-5}          | training.maxSteps=-5
            "jobId":"a","training":{"tokenDropout":1}       | training.tokenDropout=1.0
            "jobId":"a","training":{"labelSmoothing":-0.1}  | training.labelSmoothing=-0.1
            "jobId":"a","training":{"emaDecay":1}           | training.emaDecay=1.0
            "jobId":"a","training":{"evaluateEverySteps":-1} | training.evaluateEverySteps=-1
            "jobId":"a","training":{"spikeFactor":0.5}      | training.spikeFactor=0.5
            "jobId":"a","training":{"decayFraction":0}      | training.decayFraction=0.0
            "jobId":"a","training":{"keepEveryEpochs":-1}   | training.keepEveryEpochs=-1
            "jobId":"a","training":{"samplePrompts":[" "]}  | training.samplePrompts
            "jobId":"a","training":{"samplePrompts":["x"],"sampleTokens":128} | training.sampleTokens=128 must be less than model.context=128
            "jobId":"a","training":{"sampleTokens":0}       | training.sampleTokens=0
            "jobId":"a","deadlineSeconds":-1                | deadlineSeconds=-1.0
            "jobId":"a","initFrom":{"modelName":"../x"}     | initFrom.modelName='../x'
            "jobId":"a","initFrom":{"manifestKey":"x.json"} | initFrom.manifestKey='x.json'
            "jobId":"a","initFrom":{"huggingFace":" "}      | initFrom.huggingFace
            """)
    void refusesValuesThatCannotBeRun(String fields, String reason) {
        assertThatThrownBy(() -> RequestReader.read("{" + fields + "," + DATASET + "}", "fallback"))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.readable()).isTrue())
                .hasMessageContaining(reason);
    }

    @Test
    void readsEveryLearningOption() throws RejectedException {
        TrainingPlan plan = RequestReader.read(
                        "{\"training\":{\"tokenDropout\":0.1,\"labelSmoothing\":0.05,\"randomOffset\":true,"
                                + "\"emaDecay\":0.99,\"evaluateEverySteps\":7,\"guard\":\"SKIP\",\"spikeFactor\":4,"
                                + "\"schedule\":\"CONSTANT_WITH_DECAY\",\"decayFraction\":0.3,"
                                + "\"samplePrompts\":[\"Once\"],\"sampleTokens\":9},"
                                + DATASET + "}",
                        "x")
                .plan();
        assertThat(plan.noise()).isEqualTo(new TrainingPlan.Noise(0.1, 0.05, true));
        assertThat(plan.emaDecay()).isEqualTo(0.99);
        assertThat(plan.evaluateEverySteps()).isEqualTo(7);
        assertThat(plan.guard()).isEqualTo(new TrainingPlan.Guard(true, 4));
        assertThat(plan.schedule().shape()).isEqualTo(LearningRateSchedule.Shape.CONSTANT_WITH_DECAY);
        assertThat(plan.schedule().decayFraction()).isEqualTo(0.3);
        assertThat(plan.samples()).isEqualTo(new TrainingPlan.Samples(List.of("Once"), 9));
    }

    @Test
    void weightsToBeginWithBringTheirSizesAndAGentlerRate() throws RejectedException {
        TrainingJob job = RequestReader.read(
                "{\"initFrom\":{\"huggingFace\":\"/models/gpt2\"},\"model\":{\"heads\":5}," + DATASET + "}", "x");
        assertThat(job.initFrom().getHuggingFace()).isEqualTo("/models/gpt2");
        assertThat(job.model().getHeads()).isEqualTo(5);
        assertThat(job.plan().schedule().peak()).isCloseTo(3e-4, within(1e-12));
    }

    /** The recipe of the repository is a request that any trainer accepts. */
    @Test
    void acceptsTheRecipe() throws IOException, RejectedException {
        TrainingJob job = RequestReader.read(Files.readString(Path.of("../recipes/wikitext-2.json")), "x");
        assertThat(job.jobId()).isEqualTo("x");
        assertThat(job.dataset().getSource()).isEqualTo("wikitext-2-raw-v1");
        assertThat(job.plan().sizes().withVocabulary(50_257).parameterCount()).isEqualTo(44_777_984);
        assertThat(job.plan().sizes().tiedHead()).isTrue();
        assertThat(job.plan().sizes().context()).isEqualTo(256);
        assertThat(job.plan().schedule().minimum()).isZero();
    }

    @Test
    void asksForADataset() {
        assertThatThrownBy(() -> RequestReader.read("{\"jobId\":\"a\"}", "x"))
                .hasMessageContaining("dataset.source is missing");
    }
}
