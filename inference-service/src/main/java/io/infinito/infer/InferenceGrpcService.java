package io.infinito.infer;

import com.google.protobuf.ByteString;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.engine.EngineFullException;
import io.infinito.infer.engine.Generation;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceImplBase;
import io.infinito.inference.v1.InspectRequest;
import io.infinito.inference.v1.InspectResponse;
import io.infinito.inference.v1.ListModelsRequest;
import io.infinito.inference.v1.ListModelsResponse;
import io.infinito.inference.v1.TokenizeRequest;
import io.infinito.inference.v1.TokenizeResponse;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;

/** {@code infinito.inference.v1.InferenceService}: checks, hands over to the engine, and answers with a status that names the field. */
@GrpcService
public class InferenceGrpcService extends InferenceServiceImplBase {
    private static final int LONGEST_ATTENDED = 128;

    private final ModelDescriptions descriptions;
    private final ServedModel served;
    private final Engine engine;
    private final Admission admission;
    private final TextInspection inspection;

    /** Called by the container. */
    public InferenceGrpcService(
            ModelDescriptions descriptions,
            ServedModel served,
            Engine engine,
            Admission admission,
            TextInspection inspection) {
        this.descriptions = descriptions;
        this.served = served;
        this.engine = engine;
        this.admission = admission;
        this.inspection = inspection;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MendingMarshaller.in(super.bindService());
    }

    @Override
    @Blocking // Tokenizing a long prompt takes longer than an event loop may be held.
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> observer) {
        start(request, serverCall(observer), (answer, call) -> new UnaryAnswer(answer, call).listeners());
    }

    @Override
    @Blocking
    public void generateStream(GenerateRequest request, StreamObserver<GenerateChunk> observer) {
        ServerCallStreamObserver<GenerateChunk> stream = serverCall(observer);
        stream.setOnReadyHandler(engine::wake);
        start(request, stream, (answer, call) -> new StreamAnswer(answer, call).listeners());
    }

    private <T> void start(
            GenerateRequest request,
            ServerCallStreamObserver<T> call,
            BiFunction<Answer, ServerCallStreamObserver<T>, List<GenerationListener>> listeners) {
        AtomicReference<List<Generation>> started = new AtomicReference<>(List.of());
        // Both sides look after they have written, so that one of them sees the other whichever comes first.
        call.setOnCancelHandler(() -> started.get().forEach(engine::cancel));
        answering(call, () -> {
            started.set(admission.start(
                    Caller.name(), List.of(request), Caller.timeLeft(), answer -> listeners.apply(answer, call)));
            if (call.isCancelled()) {
                started.get().forEach(engine::cancel);
            }
        });
    }

    @Override
    @Blocking
    public void tokenize(TokenizeRequest request, StreamObserver<TokenizeResponse> observer) {
        answering(observer, () -> {
            LoadedModel model = served.acquire(request.getModel());
            try {
                TokenizeResponse.Builder response = TokenizeResponse.newBuilder()
                        .setTokenizerSha256(model.tokenizer().sha256())
                        .setModel(Answer.version(model.identity()));
                for (int id : RequestReader.encode(request.getText(), model, Integer.MAX_VALUE)) {
                    response.addIds(id)
                            .addPieces(ByteString.copyFrom(model.tokenizer().bytes(id)));
                }
                observer.onNext(response.setCount(response.getIdsCount()).build());
            } finally {
                model.release();
            }
            observer.onCompleted();
        });
    }

    @Override
    @Blocking
    public void inspect(InspectRequest request, StreamObserver<InspectResponse> observer) {
        answering(observer, () -> {
            LoadedModel model = served.acquire(request.getModel());
            try {
                observer.onNext(inspect(request, model));
            } finally {
                model.release();
            }
            observer.onCompleted();
        });
    }

    private InspectResponse inspect(InspectRequest request, LoadedModel model) throws EngineFullException {
        if (request.getTop() < 0 || request.getTop() > TokenLogprob.MAX_TOP) {
            throw new IllegalArgumentException(
                    "top=" + request.getTop() + " must be from 0 to " + TokenLogprob.MAX_TOP);
        }
        if (request.getLayersCount() > model.config().layers()) {
            throw new IllegalArgumentException("layers has " + request.getLayersCount() + " entries, at most "
                    + model.config().layers() + " are allowed: the model has no more layers");
        }
        for (int layer : request.getLayersList()) {
            if (layer < 0 || layer >= model.config().layers()) {
                throw new IllegalArgumentException("layers: " + layer + " must be from 0 to "
                        + (model.config().layers() - 1));
            }
        }
        int room = model.config().context();
        int[] ids = switch (request.getPromptCase()) {
            case TEXT -> RequestReader.encode(request.getText(), model, room);
            case TOKEN_IDS -> RequestReader.ids(request.getTokenIds(), model.tokenizer(), room);
            case PROMPT_NOT_SET -> throw new IllegalArgumentException("prompt is missing; set text or token_ids");
        };
        if (request.getAttention() && ids.length > LONGEST_ATTENDED) {
            throw new IllegalArgumentException((request.hasText() ? "text" : "token_ids") + " has " + ids.length
                    + " tokens, at most " + LONGEST_ATTENDED + " are allowed with attention");
        }
        List<TokenLogprob> logprobs = inspection.scores(model, ids, request.getTop());
        float[][][] attention = request.getAttention() ? inspection.attention(model, ids) : new float[0][][];
        return Inspection.message(request, model, ids, logprobs, attention);
    }

    /** Something that may be refused. */
    private interface Refusable {
        void run() throws ModelUnavailableException, EngineFullException;
    }

    /** Every refusal becomes a status whose description names the field. */
    private static void answering(StreamObserver<?> call, Refusable work) {
        try {
            work.run();
        } catch (IllegalArgumentException e) {
            call.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asException());
        } catch (EngineFullException e) {
            call.onError(RetryHint.exhausted(e));
        } catch (ModelUnavailableException e) {
            Status status = e.known() ? Status.FAILED_PRECONDITION : Status.NOT_FOUND;
            call.onError(status.withDescription(e.getMessage()).asException());
        }
    }

    @Override
    public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> observer) {
        answering(observer, () -> {
            observer.onNext(descriptions.of(served.alias(request.getModel())));
            observer.onCompleted();
        });
    }

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> observer) {
        observer.onNext(ListModelsResponse.newBuilder()
                .addAllModels(descriptions.ofLoaded())
                .build());
        observer.onCompleted();
    }

    private static <T> ServerCallStreamObserver<T> serverCall(StreamObserver<T> observer) {
        return (ServerCallStreamObserver<T>) observer;
    }
}
