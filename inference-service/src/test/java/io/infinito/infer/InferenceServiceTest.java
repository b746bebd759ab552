package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import com.google.protobuf.ByteString;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.infer.model.TinyModels;
import io.infinito.infer.model.TinyTokenizer;
import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.InspectRequest;
import io.infinito.inference.v1.InspectResponse;
import io.infinito.inference.v1.ListModelsRequest;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.Sequence;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.inference.v1.TokenIds;
import io.infinito.inference.v1.TokenizeRequest;
import io.infinito.inference.v1.TokenizeResponse;
import io.infinito.storage.ObjectStore;
import io.infinito.training.v1.EpochCompleted;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@QuarkusTest
@WithTestResource(Backends.class)
class InferenceServiceTest {
    private static final int ENDLESS = 1_000_000;

    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int port;

    @ConfigProperty(name = "kafka.bootstrap.servers")
    String broker;

    @Inject
    ObjectStore store;

    @Inject
    ModelFollower follower;

    @Inject
    Engine engine;

    @Inject
    MeterRegistry meters;

    private ManagedChannel channel;
    private InferenceServiceBlockingStub inference;
    private TinyCheckpoint served;

    @BeforeEach
    void serveTheFirstModel() {
        channel = ManagedChannelBuilder.forAddress("localhost", port)
                .usePlaintext()
                .build();
        inference = InferenceServiceGrpc.newBlockingStub(channel);
        served = TinyCheckpoint.of("default", 1).publish(store);
        follower.checkSoon();
        await().until(() -> serves(served));
    }

    @AfterEach
    void disconnect() {
        channel.shutdownNow();
    }

    private boolean serves(TinyCheckpoint checkpoint) {
        return follower.serving()
                .filter(m -> m.sha256().equals(checkpoint.sha256()))
                .isPresent();
    }

    private ModelVersion version(TinyCheckpoint checkpoint, int step) {
        return ModelVersion.newBuilder()
                .setName("default")
                .setVersion(checkpoint.version())
                .setStep(step)
                .setSha256(checkpoint.sha256())
                .build();
    }

    @Test
    void generatesTextTokensAndUsage() {
        GenerateResponse response = inference.generate(
                request(10).setText("Once upon").setRequestId("r-1").build());
        assertThat(response.getRequestId()).isEqualTo("r-1");
        assertThat(response.getTokenIdsList()).hasSize(10);
        assertThat(response.getText()).isNotEmpty();
        assertThat(response.getFinishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(response.getUsage().getPromptTokens()).isEqualTo(9);
        assertThat(response.getUsage().getCompletionTokens()).isEqualTo(10);
        assertThat(response.getModel()).isEqualTo(version(served, 1));
    }

    @Test
    void theSeedOfAnAnswerGivesItAgain() {
        GenerateRequest request = request(20)
                .setTokenIds(TokenIds.newBuilder().addIds(72).addIds(105))
                .build();
        GenerateResponse first = inference.generate(request);
        GenerateResponse again = inference.generate(request.toBuilder()
                .setSampling(request.getSampling().toBuilder().setSeed(first.getSeed()))
                .build());
        assertThat(again.toBuilder().clearTiming().build())
                .isEqualTo(first.toBuilder().clearTiming().build());
        assertThat(first.getTiming().getFirstTokenMs())
                .isBetween(0.0, first.getTiming().getTotalMs());
    }

    @Test
    void sequencesOfOneRequestAreThoseOfTheSeedsThatFollow() {
        GenerateRequest.Builder request = request(12).setText("Hello").setEcho(true);
        request.getSamplingBuilder().setSeed(7).setN(3).setLogprobs(2).setPromptLogprobs(1);
        GenerateResponse whole = inference.generate(request.build());
        assertThat(whole.getSequencesList()).hasSize(3);
        assertThat(whole.getUsage().getPromptTokens()).isEqualTo(5);
        assertThat(whole.getUsage().getCompletionTokens()).isEqualTo(36);
        assertThat(whole.getText())
                .startsWith("Hello")
                .isEqualTo(whole.getSequences(0).getText());
        assertThat(whole.getPromptLogprobsList()).hasSize(4).allSatisfy(logprob -> {
            assertThat(logprob.getTopCount()).isEqualTo(1);
            assertThat(logprob.getLogprob()).isNegative();
        });
        for (int i = 0; i < 3; i++) {
            Sequence sequence = whole.getSequences(i);
            assertThat(sequence.getIndex()).isEqualTo(i);
            assertThat(sequence.getSeed()).isEqualTo(7 + i);
            assertThat(sequence.getLogprobsList())
                    .hasSize(12)
                    .allSatisfy(logprob -> assertThat(logprob.getTopList()).hasSize(2));
            GenerateRequest.Builder alone = request.clone();
            alone.getSamplingBuilder().setSeed(7 + i).clearN();
            assertThat(inference.generate(alone.build()).getTokenIdsList()).isEqualTo(sequence.getTokenIdsList());
        }
        List<GenerateChunk> chunks = new ArrayList<>();
        inference.generateStream(request.build()).forEachRemaining(chunks::add);
        for (int i = 0; i < 3; i++) {
            int index = i;
            List<GenerateChunk> own =
                    chunks.stream().filter(c -> c.getIndex() == index).toList();
            assertThat(String.join("", own.stream().map(GenerateChunk::getText).toList()))
                    .isEqualTo(whole.getSequences(i).getText());
            assertThat(own.stream().flatMap(c -> c.getLogprobsList().stream()).toList())
                    .isEqualTo(whole.getSequences(i).getLogprobsList());
            assertThat(own.get(own.size() - 1).getFinishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void aLongPromptIsTruncatedFromTheLeftIfAsked() {
        GenerateRequest.Builder request = request(3)
                .setText("x".repeat(100) + "the end")
                .setTruncatePrompt(true)
                .setEcho(true);
        GenerateResponse response = inference.generate(request.build());
        assertThat(response.getUsage().getPromptTokens()).isEqualTo(31);
        assertThat(response.getText()).startsWith("x".repeat(24) + "the end");
    }

    @Test
    void tokenizeGivesIdsAndPieces() {
        TokenizeResponse response =
                inference.tokenize(TokenizeRequest.newBuilder().setText("Grüße").build());
        assertThat(response.getCount()).isEqualTo(7).isEqualTo(response.getIdsCount());
        assertThat(ByteString.copyFrom(response.getPiecesList()).toStringUtf8()).isEqualTo("Grüße");
        assertThat(response.getModel()).isEqualTo(version(served, 1));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "text has 10000000 characters, at most 1000000",
                () -> inference.tokenize(TokenizeRequest.newBuilder()
                        .setText("x".repeat(10_000_000))
                        .build()));
    }

    @Test
    void inspectShowsLossesAndWhereHeadsLook() {
        InspectRequest.Builder request =
                InspectRequest.newBuilder().setText("Hello").setAttention(true).setTop(3);
        InspectResponse response = inference.inspect(request.build());
        assertThat(response.getTokensList()).hasSize(5);
        assertThat(response.getLossesList())
                .hasSize(4)
                .allSatisfy(loss -> assertThat(loss).isPositive());
        assertThat(response.getMeanLoss())
                .isCloseTo(
                        response.getLossesList().stream()
                                .mapToDouble(loss -> loss)
                                .average()
                                .orElseThrow(),
                        within(1e-6));
        assertThat(response.getTokens(1).getTopList()).hasSize(3);
        assertThat(response.getAttentionList()).hasSize(1);
        assertThat(response.getAttention(0).getHeadsList())
                .hasSize(2)
                .allSatisfy(head -> assertThat(head.getWeightsList()).hasSize(25));
        // One token has no loss.
        assertThat(inference
                        .inspect(InspectRequest.newBuilder().setText("x").build())
                        .getLossesList())
                .isEmpty();
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "text has 33 tokens, at most 32 fit",
                () -> inference.inspect(request.setText("x".repeat(33)).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "layers: 1 must be from 0 to 0",
                () -> inference.inspect(request.setText("x").addLayers(1).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "layers has 2 entries, at most 1 are allowed",
                () -> inference.inspect(request.setText("x").addLayers(0).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "top=21 must be from 0 to 20",
                () -> inference.inspect(request.setTop(21).build()));
    }

    @Test
    void theModelMayBeNamedByItsAliasOrItsVersion() {
        for (String name : List.of("best", "default", "default@best", "default@" + served.version())) {
            assertThat(inference
                            .generate(request(1).setText("x").setModel(name).build())
                            .getModel())
                    .isEqualTo(version(served, 1));
        }
        for (String name : List.of("last", "default@last", "default@job/step-00000099", "default@", "other@best")) {
            assertStatus(
                    Status.Code.NOT_FOUND,
                    "model=" + name + " is not served here, only default@best (" + served.version() + ")",
                    () -> inference.generate(
                            request(1).setText("x").setModel(name).build()));
        }
    }

    @Test
    void aStreamIsTheUnaryAnswerInPieces() {
        GenerateRequest request = request(60)
                .setText("Grüße")
                .setRequestId("r-2")
                .setSampling(SamplingParams.newBuilder().setSeed(3).setTemperature(1))
                .build();
        GenerateResponse whole = inference.generate(request);
        List<GenerateChunk> chunks = new ArrayList<>();
        inference.generateStream(request).forEachRemaining(chunks::add);

        assertThat(chunks.size()).isGreaterThan(20);
        assertThat(String.join("", chunks.stream().map(GenerateChunk::getText).toList()))
                .isEqualTo(whole.getText());
        assertThat(chunks.stream().flatMap(c -> c.getTokenIdsList().stream()).toList())
                .isEqualTo(whole.getTokenIdsList());
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.getRequestId()).isEqualTo("r-2");
            assertThat(chunk.getSeed()).isEqualTo(3);
            assertThat(chunk.getModel()).isEqualTo(whole.getModel());
        });
        GenerateChunk last = chunks.remove(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(last.getUsage()).isEqualTo(whole.getUsage());
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.getFinishReason()).isEqualTo(FinishReason.FINISH_REASON_UNSPECIFIED);
            assertThat(chunk.hasUsage()).isFalse();
        });
    }

    @Test
    void aStopStringEndsAStreamAndIsNamed() {
        GenerateRequest.Builder request = request(60).setText("Hello");
        request.getSamplingBuilder().setSeed(5).setTemperature(1);
        String text = inference.generate(request.build()).getText();
        String stop = text.substring(10, 12);
        request.getStoppingBuilder().addStop(stop);
        List<GenerateChunk> chunks = new ArrayList<>();
        inference.generateStream(request.build()).forEachRemaining(chunks::add);
        GenerateChunk last = chunks.get(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(last.getStopString()).isEqualTo(stop);
        assertThat(String.join("", chunks.stream().map(GenerateChunk::getText).toList()))
                .isEqualTo(text.substring(0, text.indexOf(stop)));
    }

    @Test
    void describesTheModel() {
        GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(model.getModel()).isEqualTo(version(served, 1));
        assertThat(model.getLayers()).isEqualTo(1);
        assertThat(model.getHidden()).isEqualTo(16);
        assertThat(model.getHeads()).isEqualTo(2);
        assertThat(model.getContext()).isEqualTo(32);
        assertThat(model.getVocabularySize()).isEqualTo(TinyTokenizer.VOCABULARY);
        assertThat(model.getParameters()).isEqualTo(TinyModels.CONFIG.parameterCount());
        assertThat(model.getValidationLoss()).isEqualTo(5.5);
        assertThat(model.getTokenizerSha256()).hasSize(64);
        assertThat(model.getLoadedAt()).startsWith("20").endsWith("Z");
        assertThat(model.getWeightFormat()).isEqualTo("int8");
        assertThat(model.getLastRefusal()).isEmpty();
        assertThat(inference.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
                .containsExactly(model);
    }

    static Stream<Map.Entry<String, Consumer<GenerateRequest.Builder>>> badRequests() {
        return Stream.of(
                Map.entry("prompt is missing", request -> request.clearPrompt()),
                Map.entry("text is empty", request -> request.setText("")),
                Map.entry("text has 32 tokens, at most 31 fit", request -> request.setText("x".repeat(32))),
                Map.entry("text has 1000000 characters", request -> request.setText("x".repeat(1_000_000))),
                Map.entry("token_ids.ids is empty", request -> request.setTokenIds(TokenIds.getDefaultInstance())),
                Map.entry(
                        "token_ids has 32 tokens, at most 31 fit",
                        request -> request.setTokenIds(TokenIds.newBuilder().addAllIds(Collections.nCopies(32, 1)))),
                Map.entry(
                        "token_ids.ids[1]=257 is not in the vocabulary",
                        request -> request.setTokenIds(
                                TokenIds.newBuilder().addIds(1).addIds(257))),
                Map.entry(
                        "token_ids.ids[0]=4294967295 is not in the vocabulary",
                        request -> request.setTokenIds(TokenIds.newBuilder().addIds(-1))),
                Map.entry(
                        "sampling.temperature=-0.1 must be from 0 to 100",
                        request -> request.getSamplingBuilder().setTemperature(-0.1f)),
                Map.entry(
                        "sampling.temperature=NaN",
                        request -> request.getSamplingBuilder().setTemperature(Float.NaN)),
                Map.entry(
                        "sampling.top_k=-1",
                        request -> request.getSamplingBuilder().setTopK(-1)),
                Map.entry(
                        "sampling.top_p=0 must be greater than 0 and at most 1",
                        request -> request.getSamplingBuilder().setTopP(0)),
                Map.entry(
                        "sampling.top_p=1.1 must be",
                        request -> request.getSamplingBuilder().setTopP(1.1f)),
                Map.entry(
                        "sampling.repetition_penalty=0 must be",
                        request -> request.getSamplingBuilder().setRepetitionPenalty(0)),
                Map.entry(
                        "sampling.repetition_window=-2 must be",
                        request -> request.getSamplingBuilder().setRepetitionWindow(-2)),
                Map.entry(
                        "stopping.max_new_tokens=0 must be at least 1",
                        request -> request.getStoppingBuilder().setMaxNewTokens(0)),
                Map.entry(
                        "stopping.max_new_tokens=1000001 must be at most",
                        request -> request.getStoppingBuilder().setMaxNewTokens(1_000_001)),
                Map.entry(
                        "stopping.stop has 17 strings",
                        request -> request.getStoppingBuilder().addAllStop(Collections.nCopies(17, "x"))),
                Map.entry(
                        "stopping.stop[1] is empty",
                        request -> request.getStoppingBuilder().addStop("x").addStop("")),
                Map.entry(
                        "stopping.stop has 10000 strings",
                        request -> request.getStoppingBuilder().addAllStop(Collections.nCopies(10_000, "x"))),
                Map.entry(
                        "stopping.stop[0] has 257 characters",
                        request -> request.getStoppingBuilder().addStop("x".repeat(257))),
                Map.entry(
                        "stopping.stop[0] has a NUL character at 1",
                        request -> request.getStoppingBuilder().addStop("x\0")),
                Map.entry("text has a NUL character at 2", request -> request.setText("ab\0")),
                Map.entry("text has 10000000 characters", request -> request.setText("x".repeat(10_000_000))),
                Map.entry(
                        "text has 10000000 characters, at most 1000000 are allowed",
                        request -> request.setText("x".repeat(10_000_000)).setTruncatePrompt(true)),
                Map.entry("request_id has 257 characters", request -> request.setRequestId("x".repeat(257))),
                Map.entry("model has 257 characters", request -> request.setModel("x".repeat(257))),
                Map.entry(
                        "stopping.min_new_tokens=6 must be from 0 to stopping.max_new_tokens=5",
                        request -> request.getStoppingBuilder().setMinNewTokens(6)),
                Map.entry(
                        "stopping.stop_token_ids[0]=257 is not in the vocabulary",
                        request -> request.getStoppingBuilder().addStopTokenIds(257)),
                Map.entry(
                        "stopping.stop_token_ids has 129 ids",
                        request -> request.getStoppingBuilder().addAllStopTokenIds(Collections.nCopies(129, 1))),
                Map.entry(
                        "stopping.time_limit_ms=0 must be",
                        request -> request.getStoppingBuilder().setTimeLimitMs(0)),
                Map.entry(
                        "sampling.seed=18446744073709551615 must be at most 9223372036854775807",
                        request -> request.getSamplingBuilder().setSeed(-1)),
                Map.entry(
                        "sampling.n=1000000 must be from 1 to 16",
                        request -> request.getSamplingBuilder().setN(1_000_000)),
                Map.entry(
                        "sampling.n=0 must be",
                        request -> request.getSamplingBuilder().setN(0)),
                Map.entry(
                        "sampling.logprobs=21 must be from 0 to 20",
                        request -> request.getSamplingBuilder().setLogprobs(21)),
                Map.entry(
                        "sampling.prompt_logprobs=-1 must be",
                        request -> request.getSamplingBuilder().setPromptLogprobs(-1)),
                Map.entry(
                        "sampling.min_p=NaN must be",
                        request -> request.getSamplingBuilder().setMinP(Float.NaN)),
                Map.entry(
                        "sampling.typical_p=0 must be",
                        request -> request.getSamplingBuilder().setTypicalP(0)),
                Map.entry(
                        "sampling.presence_penalty=3 must be",
                        request -> request.getSamplingBuilder().setPresencePenalty(3)),
                Map.entry(
                        "sampling.frequency_penalty=NaN must be",
                        request -> request.getSamplingBuilder().setFrequencyPenalty(Float.NaN)),
                Map.entry(
                        "sampling.logit_bias[1]=1000 must be",
                        request -> request.getSamplingBuilder().putLogitBias(1, 1000)),
                Map.entry(
                        "sampling.logit_bias: id=257 is not in the vocabulary",
                        request -> request.getSamplingBuilder().putLogitBias(257, 1)));
    }

    /** Numbers that no field of their type should meet, by what the status has to say. */
    static Stream<Map.Entry<String, Consumer<GenerateRequest.Builder>>> worseRequests() {
        return Stream.of(
                sampling("temperature=Infinity must be", s -> s.setTemperature(Float.POSITIVE_INFINITY)),
                sampling("temperature=-Infinity must be", s -> s.setTemperature(Float.NEGATIVE_INFINITY)),
                sampling("temperature=101 must be from 0 to 100", s -> s.setTemperature(101)),
                sampling("top_k=1000001 must be from 0 to 1000000", s -> s.setTopK(1_000_001)),
                sampling(
                        "repetition_penalty=100.5 must be greater than 0 and at most 100",
                        s -> s.setRepetitionPenalty(100.5f)),
                sampling("repetition_window=1000001 must be from 0 to 1000000", s -> s.setRepetitionWindow(1_000_001)),
                stopping("time_limit_ms=86400001 must be from 1 to 86400000", s -> s.setTimeLimitMs(86_400_001)),
                sampling("top_p=NaN must be", s -> s.setTopP(Float.NaN)),
                sampling("top_p=-Infinity must be", s -> s.setTopP(Float.NEGATIVE_INFINITY)),
                sampling("top_k=-2147483648 must be", s -> s.setTopK(Integer.MIN_VALUE)),
                sampling("min_p=-0.1 must be", s -> s.setMinP(-0.1f)),
                sampling("min_p=Infinity must be", s -> s.setMinP(Float.POSITIVE_INFINITY)),
                sampling("typical_p=NaN must be", s -> s.setTypicalP(Float.NaN)),
                sampling("typical_p=1.5 must be", s -> s.setTypicalP(1.5f)),
                sampling("repetition_penalty=NaN must be", s -> s.setRepetitionPenalty(Float.NaN)),
                sampling("repetition_penalty=Infinity must be", s -> s.setRepetitionPenalty(Float.POSITIVE_INFINITY)),
                sampling("repetition_penalty=-1 must be", s -> s.setRepetitionPenalty(-1)),
                sampling("presence_penalty=NaN must be", s -> s.setPresencePenalty(Float.NaN)),
                sampling("presence_penalty=-Infinity must be", s -> s.setPresencePenalty(Float.NEGATIVE_INFINITY)),
                sampling("frequency_penalty=Infinity must be", s -> s.setFrequencyPenalty(Float.POSITIVE_INFINITY)),
                sampling("logit_bias[1]=NaN must be", s -> s.putLogitBias(1, Float.NaN)),
                sampling("logit_bias[1]=-Infinity must be", s -> s.putLogitBias(1, Float.NEGATIVE_INFINITY)),
                sampling("logit_bias: id=4294967295 is not", s -> s.putLogitBias(-1, 1)),
                sampling("logit_bias has 100000 entries, at most 1024", s -> {
                    for (int id = 0; id < 100_000; id++) {
                        s.putLogitBias(id, 1);
                    }
                }),
                sampling("seed=9223372036854775808 must be at most", s -> s.setSeed(Long.MIN_VALUE)),
                sampling("n=-1 must be from 1 to 16", s -> s.setN(-1)),
                sampling("n=2147483647 must be from 1 to 16", s -> s.setN(Integer.MAX_VALUE)),
                sampling("logprobs=-1 must be", s -> s.setLogprobs(-1)),
                sampling("prompt_logprobs=21 must be", s -> s.setPromptLogprobs(21)),
                stopping("max_new_tokens=-1 must be", s -> s.setMaxNewTokens(-1)),
                stopping("min_new_tokens=-1 must be", s -> s.setMinNewTokens(-1)),
                stopping("time_limit_ms=-2147483648 must be", s -> s.setTimeLimitMs(Integer.MIN_VALUE)),
                stopping("stop_token_ids[0]=4294967295 is not", s -> s.addStopTokenIds(-1)),
                Map.entry(
                        "token_ids.ids has 1000001 ids, at most 1000000",
                        request -> request.setTokenIds(
                                TokenIds.newBuilder().addAllIds(Collections.nCopies(1_000_001, 1)))));
    }

    private static Map.Entry<String, Consumer<GenerateRequest.Builder>> sampling(
            String status, Consumer<SamplingParams.Builder> field) {
        return Map.entry("sampling." + status, request -> field.accept(request.getSamplingBuilder()));
    }

    private static Map.Entry<String, Consumer<GenerateRequest.Builder>> stopping(
            String status, Consumer<StoppingCriteria.Builder> field) {
        return Map.entry("stopping." + status, request -> field.accept(request.getStoppingBuilder()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"badRequests", "worseRequests"})
    void refusesByTheNameOfTheField(Map.Entry<String, Consumer<GenerateRequest.Builder>> bad) {
        double before = tokens();
        GenerateRequest.Builder request = request(5).setText("Hello");
        bad.getValue().accept(request);
        assertStatus(Status.Code.INVALID_ARGUMENT, bad.getKey(), () -> inference.generate(request.build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                bad.getKey(),
                () -> inference.generateStream(request.build()).next());
        assertThat(running()).isZero();
        assertThat(meters.get("infinito.requests.waiting").gauge().value()).isZero();
        assertThat(tokens()).isEqualTo(before);
    }

    @Test
    void anotherModelIsNotFound() {
        assertStatus(
                Status.Code.NOT_FOUND,
                "model=other is not served here",
                () -> inference.generate(
                        request(5).setText("x").setModel("other").build()));
        assertStatus(
                Status.Code.NOT_FOUND,
                "model=other",
                () -> inference.getModel(
                        GetModelRequest.newBuilder().setModel("other").build()));
    }

    @Test
    void aDeadlineEndsAUnaryCallAndFreesItsPlace() {
        assertStatus(
                Status.Code.DEADLINE_EXCEEDED,
                "",
                () -> inference
                        .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                        .generate(request(ENDLESS).setText("x").build()));
        await().until(() -> running() == 0);
    }

    @Test
    void aCancelledCallOfEitherKindFreesItsPlace() {
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> {
            InferenceServiceGrpc.newStub(channel)
                    .generate(request(ENDLESS).setText("x").build(), ignore());
            Iterator<GenerateChunk> stream =
                    inference.generateStream(request(ENDLESS).setText("x").build());
            assertThat(stream.next().getModel()).isEqualTo(version(served, 1));
        });
        await().until(() -> running() == 2);
        context.cancel(null);
        await().until(() -> running() == 0);
    }

    @Test
    void aClientThatDoesNotReadIsNotBufferedFor() {
        ClientCall<GenerateRequest, GenerateChunk> call =
                channel.newCall(InferenceServiceGrpc.getGenerateStreamMethod(), CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(request(ENDLESS).setText("x").build());
        call.halfClose();
        await().until(() -> running() == 1);
        // Tokens stop once the buffers of both sides are full.
        double[] before = {-1};
        await().pollInterval(300, TimeUnit.MILLISECONDS).until(() -> {
            double now = tokens();
            boolean still = now == before[0];
            before[0] = now;
            return still;
        });
        assertThat(running()).isEqualTo(1);
        assertThat(inference.generate(request(5).setText("x").build()).getTokenIdsCount())
                .isEqualTo(5);
        call.cancel("enough", null);
        await().until(() -> running() == 0);
    }

    @Test
    void anEventBringsTheNewModelAndStreamsInFlightKeepTheOld() throws Exception {
        GenerateRequest endless = request(ENDLESS).setText("x").build();
        Context.CancellableContext context = Context.current().withCancellation();
        List<ModelVersion> seen = Collections.synchronizedList(new ArrayList<>());
        context.run(() -> InferenceServiceGrpc.newStub(channel).generateStream(endless, collect(seen)));
        await().until(() -> !seen.isEmpty());

        TinyCheckpoint next = TinyCheckpoint.of("default", 2).publish(store);
        try (KafkaProducer<String, String> producer = producer()) {
            // Records that mean nothing to this service do not end its listening.
            send(producer, new ProducerRecord<>("infer.train.epochs", "no JSON"));
            send(producer, new ProducerRecord<>("infer.train.epochs", "{\"unknownField\":1}"));
            EpochCompleted event = EpochCompleted.newBuilder()
                    .setJobId("job")
                    .setModelName("default")
                    .setEpoch(1)
                    .setServed(true)
                    .build();
            // The subscription may be a moment younger than the topic, and hears only what is new.
            await().until(() -> {
                send(
                        producer,
                        new ProducerRecord<>(
                                "infer.train.epochs",
                                null,
                                "job",
                                ProtoJson.print(event),
                                CloudEvent.of(EpochCompleted.getDescriptor(), "test", CloudEvent.JSON)
                                        .headers()));
                return serves(next);
            });
        }
        int before = seen.size();
        await().until(() -> seen.size() > before + 20);
        assertThat(new ArrayList<>(seen)).containsOnly(version(served, 1));
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(next, 2));
        context.cancel(null);
        await().until(() -> running() == 0);
    }

    @Test
    void aTornCheckpointIsRefusedWithAReasonAndTheOldOneAnswersOn() {
        TinyCheckpoint.of("default", 3).without(CheckpointKeys.MODEL).publish(store);
        store.delete(List.of(CheckpointKeys.step("default", 3) + CheckpointKeys.MODEL));
        follower.checkSoon();
        await().until(() -> !follower.lastRefusal().isEmpty());
        GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(model.getModel()).isEqualTo(version(served, 1));
        assertThat(model.getLastRefusal()).contains("model.safetensors does not exist");
        assertThat(model.getLastRefusalReason()).isEqualTo("torn");
        assertThat(model.getWantedVersion()).isEqualTo("job/step-00000003");
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(served, 1));
        given().get("/q/health/ready")
                .then()
                .statusCode(200)
                .body("checks.find { it.name == 'model' }.data.reason", containsString("torn"));
    }

    @Test
    void isReadyAndSaysWhatItServes() {
        given().get("/q/health/ready")
                .then()
                .statusCode(200)
                .body("status", equalTo("UP"))
                .body("checks.find { it.name == 'model' }.data.version", equalTo(served.version()));
        given().get("/q/health/live").then().statusCode(200).body("checks.name", hasItem("decode"));
        for (String service : List.of("", InferenceServiceGrpc.SERVICE_NAME)) {
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.newBuilder()
                                    .setService(service)
                                    .build())
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
        }
    }

    @Test
    void metricsCountWhatWasDone() {
        inference.generate(request(7).setText("x").build());
        given().get("/q/metrics")
                .then()
                .statusCode(200)
                .body(containsString("infinito_tokens_generated_total"))
                .body(containsString("infinito_requests_total{reason=\"length\"}"))
                .body(containsString("infinito_time_to_first_token_seconds_count"))
                .body(containsString("infinito_model_reload_seconds_count"))
                .body(containsString("infinito_model_reload_refused_total{reason=\"too-new\"}"))
                .body(containsString("infinito_models_loaded"));
    }

    @Test
    void reflectionListsTheService() throws Exception {
        CompletableFuture<List<String>> services = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(channel)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        services.complete(response.getListServicesResponse().getServiceList().stream()
                                .map(ServiceResponse::getName)
                                .toList());
                    }

                    @Override
                    public void onError(Throwable error) {
                        services.completeExceptionally(error);
                    }

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(
                ServerReflectionRequest.newBuilder().setListServices("*").build());
        assertThat(services.get(10, TimeUnit.SECONDS)).contains(InferenceServiceGrpc.SERVICE_NAME);
        requests.onCompleted();
    }

    private double running() {
        return meters.get("infinito.requests.running").gauge().value();
    }

    private double tokens() {
        return meters.get("infinito.tokens.generated").counter().count();
    }

    private static void send(KafkaProducer<String, String> producer, ProducerRecord<String, String> event)
            throws Exception {
        producer.send(event).get(10, TimeUnit.SECONDS);
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(Map.of("bootstrap.servers", broker), new StringSerializer(), new StringSerializer());
    }

    private static GenerateRequest.Builder request(int tokens) {
        return GenerateRequest.newBuilder()
                .setStopping(
                        StoppingCriteria.newBuilder().setMaxNewTokens(tokens).setIgnoreEos(true));
    }

    private static void assertStatus(
            Status.Code code, String description, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            assertThat(e.getStatus().getDescription()).contains(description);
        });
    }

    private static <T> StreamObserver<T> ignore() {
        return new StreamObserver<>() {
            @Override
            public void onNext(T message) {}

            @Override
            public void onError(Throwable error) {}

            @Override
            public void onCompleted() {}
        };
    }

    private static StreamObserver<GenerateChunk> collect(List<ModelVersion> versions) {
        return new StreamObserver<>() {
            @Override
            public void onNext(GenerateChunk chunk) {
                versions.add(chunk.getModel());
            }

            @Override
            public void onError(Throwable error) {}

            @Override
            public void onCompleted() {}
        };
    }
}
