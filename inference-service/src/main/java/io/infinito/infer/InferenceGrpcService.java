package io.infinito.infer;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.engine.EngineFullException;
import io.infinito.infer.engine.Generation;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.engine.GenerationRequest;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceImplBase;
import io.infinito.inference.v1.ListModelsRequest;
import io.infinito.inference.v1.ListModelsResponse;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;

/** {@code infinito.inference.v1.InferenceService}: checks, hands over to the engine, and answers with a status that names the field. */
@GrpcService
public class InferenceGrpcService extends InferenceServiceImplBase {
    private final ModelFollower follower;
    private final Engine engine;
    private final RequestReader reader;

    /** Called by the container. */
    public InferenceGrpcService(ModelFollower follower, Engine engine, InferenceConfig config) {
        this.follower = follower;
        this.engine = engine;
        this.reader = new RequestReader(config.requestDefaults());
    }

    @Override
    @Blocking // Tokenizing a long prompt takes longer than an event loop may be held.
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> observer) {
        submit(request, serverCall(observer), UnaryAnswer::new);
    }

    @Override
    @Blocking
    public void generateStream(GenerateRequest request, StreamObserver<GenerateChunk> observer) {
        ServerCallStreamObserver<GenerateChunk> call = serverCall(observer);
        call.setOnReadyHandler(engine::wake);
        submit(request, call, StreamAnswer::new);
    }

    private <T> void submit(
            GenerateRequest request,
            ServerCallStreamObserver<T> call,
            BiFunction<Answer, ServerCallStreamObserver<T>, GenerationListener> listener) {
        AtomicReference<Generation> submitted = new AtomicReference<>();
        // Both sides look after they have written, so that one of them sees the other whichever comes first.
        call.setOnCancelHandler(() -> cancel(submitted.get()));
        try {
            LoadedModel model = acquire(request.getModel());
            boolean handedOver = false;
            try {
                GenerationRequest generation = reader.read(request, model);
                Answer answer = new Answer(request.getRequestId(), generation.seed(), Answer.version(model.identity()));
                submitted.set(engine.submit(generation, model, listener.apply(answer, call), timeLeft()));
                handedOver = true;
                if (call.isCancelled()) {
                    cancel(submitted.get());
                }
            } finally {
                if (!handedOver) {
                    model.release();
                }
            }
        } catch (IllegalArgumentException e) {
            call.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asException());
        } catch (EngineFullException e) {
            call.onError(
                    Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()).asException());
        } catch (StatusException e) {
            call.onError(e);
        }
    }

    private void cancel(Generation generation) {
        if (generation != null) {
            engine.cancel(generation);
        }
    }

    @Override
    public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> observer) {
        try {
            LoadedModel model = acquire(request.getModel());
            try {
                observer.onNext(describe(model));
            } finally {
                model.release();
            }
            observer.onCompleted();
        } catch (StatusException e) {
            observer.onError(e);
        }
    }

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> observer) {
        ListModelsResponse.Builder response = ListModelsResponse.newBuilder();
        follower.acquire().ifPresent(model -> {
            response.addModels(describe(model));
            model.release();
        });
        observer.onNext(response.build());
        observer.onCompleted();
    }

    private LoadedModel acquire(String name) throws StatusException {
        if (!name.isEmpty() && !name.equals(follower.modelName())) {
            throw Status.NOT_FOUND
                    .withDescription(
                            "model=" + name + " is not served here; leave it empty or use " + follower.modelName())
                    .asException();
        }
        return follower.acquire()
                .orElseThrow(() -> Status.FAILED_PRECONDITION
                        .withDescription("model: none is loaded yet: " + follower.obstacle())
                        .asException());
    }

    private GetModelResponse describe(LoadedModel model) {
        return GetModelResponse.newBuilder()
                .setModel(Answer.version(model.identity()))
                .setLayers(model.config().layers())
                .setHidden(model.config().hidden())
                .setHeads(model.config().heads())
                .setContext(model.config().context())
                .setVocabularySize(model.config().vocabularySize())
                .setParameters(model.config().parameterCount())
                .setValidationLoss(model.validationLoss())
                .setTokenizerSha256(model.tokenizer().sha256())
                .setLoadedAt(model.loadedAt().toString())
                .setLastRefusal(follower.lastRefusal())
                .build();
    }

    /** Kept by the engine itself, whatever the server does when a deadline passes. */
    private static Optional<Duration> timeLeft() {
        Deadline deadline = Context.current().getDeadline();
        return Optional.ofNullable(deadline).map(d -> Duration.ofNanos(d.timeRemaining(TimeUnit.NANOSECONDS)));
    }

    private static <T> ServerCallStreamObserver<T> serverCall(StreamObserver<T> observer) {
        return (ServerCallStreamObserver<T>) observer;
    }
}
