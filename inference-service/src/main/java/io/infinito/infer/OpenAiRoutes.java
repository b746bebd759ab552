package io.infinito.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.engine.EngineFullException;
import io.infinito.infer.engine.Generation;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ServedAlias;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/**
 * OpenAI's {@code /v1/completions} and {@code /v1/models} over the same engine as gRPC. JSON is read and written as trees: a native image
 * has to know nothing about it, and every refusal can name its field.
 */
@ApplicationScoped
public class OpenAiRoutes {
    private static final Logger LOG = Logger.getLogger(OpenAiRoutes.class);
    /** As much as a gRPC message may have. */
    private static final long LARGEST_BODY = 16 << 20;

    private static final int PAYLOAD_TOO_LARGE = 413;

    private final ObjectMapper mapper = new ObjectMapper();
    private final ModelFollower follower;
    private final ServedModel served;
    private final Engine engine;
    private final Admission admission;

    /** Called by the container. */
    public OpenAiRoutes(ModelFollower follower, ServedModel served, Engine engine, Admission admission) {
        this.follower = follower;
        this.served = served;
        this.engine = engine;
        this.admission = admission;
    }

    void routes(@Observes Router router) {
        router.post("/v1/completions").handler(BodyHandler.create(false).setBodyLimit(LARGEST_BODY));
        // Tokenizing a long prompt takes longer than an event loop may be held.
        router.post("/v1/completions").blockingHandler(this::completions, false);
        router.get("/v1/models").handler(this::models);
        // Names with versions have slashes.
        router.getWithRegex("/v1/models/(?<model>.+)").handler(this::model);
        router.route("/v1/*").failureHandler(OpenAiRoutes::failed);
        router.route("/v1/*")
                .handler(context -> refuse(
                        context,
                        new OpenAiError(
                                404,
                                "invalid_request_error",
                                "unknown_url",
                                null,
                                context.request().method() + " "
                                        + context.request().path()
                                        + " is not served; there are POST /v1/completions and GET /v1/models")));
    }

    private void completions(RoutingContext context) {
        HttpServerResponse response = context.response();
        try {
            CompletionRequest request =
                    CompletionRequest.read(json(context.body().buffer()));
            AtomicReference<List<Generation>> started = new AtomicReference<>(List.of());
            // Both sides look after they have written, so that one of them sees the other whichever comes first.
            response.closeHandler(closed -> started.get().forEach(engine::cancel));
            response.drainHandler(drained -> engine.wake());
            started.set(admission.start(
                    client(context, request),
                    request.prompts(),
                    Optional.empty(),
                    answer -> new CompletionAnswer(answer, request, response).listeners()));
            if (response.closed()) {
                started.get().forEach(engine::cancel);
            }
        } catch (IllegalArgumentException e) {
            refuse(context, OpenAiError.invalid(e.getMessage()));
        } catch (ModelUnavailableException e) {
            refuse(context, OpenAiError.unavailable(e));
        } catch (EngineFullException e) {
            response.putHeader("Retry-After", RetryHint.seconds(e));
            refuse(context, OpenAiError.full(e.getMessage()));
        }
    }

    private static String client(RoutingContext context, CompletionRequest request) {
        String stated = context.request().getHeader(ClientName.HEADER);
        if (stated != null) {
            return ClientName.ofHeader(stated);
        }
        return request.user()
                .map(ClientName::ofUser)
                .orElseGet(() ->
                        ClientName.ofAddress(context.request().remoteAddress().hostAddress()));
    }

    private JsonNode json(Buffer body) {
        if (body == null || body.length() == 0) {
            throw new IllegalArgumentException("body is empty; send a JSON object");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body.getBytes()))
                    .toString();
            return mapper.readTree(text);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("body is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private void models(RoutingContext context) {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (ServedAlias alias : follower.aliases()) {
            follower.acquire(alias).ifPresent(model -> {
                // A plain name means the best, as everywhere.
                String name = follower.modelName() + (alias == ServedAlias.BEST ? "" : "@" + alias.label());
                data.add(describe(model).put("id", name));
                model.release();
            });
        }
        send(context.response(), 200, list);
    }

    private void model(RoutingContext context) {
        try {
            LoadedModel model = served.acquire(context.pathParam("model"));
            try {
                send(context.response(), 200, describe(model));
            } finally {
                model.release();
            }
        } catch (IllegalArgumentException e) {
            refuse(context, OpenAiError.invalid(e.getMessage()));
        } catch (ModelUnavailableException e) {
            refuse(context, OpenAiError.unavailable(e));
        }
    }

    private static ObjectNode describe(LoadedModel model) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", model.identity().name())
                .put("object", "model")
                .put("created", model.loadedAt().getEpochSecond())
                .put("owned_by", "infinito")
                .put("max_model_len", model.config().context())
                .put("version", model.identity().version())
                .put("step", model.identity().step())
                .put("sha256", model.identity().sha256());
    }

    private static void failed(RoutingContext context) {
        if (context.response().ended() || context.response().headWritten()) {
            return;
        }
        if (context.statusCode() == PAYLOAD_TOO_LARGE) {
            refuse(
                    context,
                    new OpenAiError(
                            PAYLOAD_TOO_LARGE,
                            "invalid_request_error",
                            null,
                            "prompt",
                            "body has more than " + LARGEST_BODY + " bytes; the prompt is too long"));
            return;
        }
        LOG.error("a request failed", context.failure());
        refuse(context, new OpenAiError(500, "server_error", null, null, "the request failed"));
    }

    private static void refuse(RoutingContext context, OpenAiError error) {
        send(context.response(), error.status(), error.json());
    }

    static void send(HttpServerResponse response, int status, ObjectNode json) {
        if (!response.ended() && !response.closed()) {
            response.setStatusCode(status)
                    .putHeader("Content-Type", "application/json")
                    .end(json.toString());
        }
    }
}
