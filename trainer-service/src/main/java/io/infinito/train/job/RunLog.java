package io.infinito.train.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.events.ProtoJson;
import io.infinito.storage.ObjectStore;
import io.infinito.train.RunListener.EpochDone;
import io.infinito.train.RunListener.StepDone;
import io.infinito.train.history.StepHistory;
import io.infinito.train.history.TensorBoardFile;
import io.infinito.training.v1.TrainJobStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/** The figures of a job beside its checkpoints: {@code history.json}, and event files for TensorBoard where they are asked for. */
final class RunLog {
    private static final Logger LOG = Logger.getLogger(RunLog.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Steps in an event file at most, about: it is uploaded whole each time. */
    private static final int TENSORBOARD_STEPS = 20_000;

    private final ObjectStore store;
    private final String jobId;
    /** By number: an upload that is repeated tells of its epoch again. */
    private final Map<Integer, JsonNode> epochs = new TreeMap<>();

    private final StepHistory steps;
    private final Optional<TensorBoardFile> tensorBoard;
    private final int tensorBoardEvery;

    private RunLog(
            ObjectStore store,
            String jobId,
            StepHistory steps,
            Optional<TensorBoardFile> tensorBoard,
            int tensorBoardEvery) {
        this.store = store;
        this.jobId = jobId;
        this.steps = steps;
        this.tensorBoard = tensorBoard;
        this.tensorBoardEvery = tensorBoardEvery;
    }

    /**
     * Goes on with what earlier attempts kept.
     *
     * @param step that the run goes on from
     * @param epochs events of the epochs before, as JSON
     * @param folder for files of this attempt
     */
    static RunLog open(
            ObjectStore store,
            TrainingJob job,
            int attempt,
            int step,
            int totalSteps,
            List<String> epochs,
            Path folder) {
        StepHistory steps = store.get(CheckpointKeys.history(job.jobId()))
                .map(RunLog::points)
                .map(points -> new StepHistory(points, step))
                .orElseGet(StepHistory::new);
        Optional<TensorBoardFile> tensorBoard = job.control().tensorBoard()
                ? Optional.of(new TensorBoardFile(folder.resolve("tensorboard"), attempt, step + 1, Instant.now()))
                : Optional.empty();
        RunLog log = new RunLog(store, job.jobId(), steps, tensorBoard, Math.max(1, totalSteps / TENSORBOARD_STEPS));
        epochs.forEach(log::epoch);
        return log;
    }

    void step(StepDone step, double tokensPerSecond) {
        steps.add(step, tokensPerSecond);
        if (tensorBoard.isPresent() && step.step() % tensorBoardEvery == 0) {
            Map<String, Double> values = new LinkedHashMap<>();
            values.put("train/loss", step.loss());
            values.put("train/learning_rate", step.learningRate());
            values.put("train/gradient_norm", step.gradientNorm());
            values.put("train/tokens_per_second", tokensPerSecond);
            tensorBoard.get().scalars(step.step(), Instant.now(), values);
        }
    }

    /** An epoch ended; its event follows with {@link #epoch(String)}. */
    void epoch(EpochDone epoch) {
        tensorBoard.ifPresent(file -> {
            Map<String, Double> values = new LinkedHashMap<>();
            values.put("epoch/train_loss", epoch.trainLoss());
            values.put("epoch/validation_loss", epoch.validationLoss());
            values.put("epoch/validation_perplexity", Math.exp(epoch.validationLoss()));
            file.scalars(epoch.step(), Instant.now(), values);
        });
    }

    synchronized void epoch(String eventJson) {
        parse(eventJson.getBytes(StandardCharsets.UTF_8))
                .ifPresent(event -> epochs.put(event.path("epoch").asInt(), event));
    }

    /**
     * Brings all of it to the store.
     *
     * @throws io.infinito.storage.StorageException if the store does not take it
     */
    synchronized void upload(TrainJobStatus status) {
        ObjectNode history = JSON.createObjectNode();
        history.set(
                "status",
                parse(ProtoJson.print(status).getBytes(StandardCharsets.UTF_8)).orElseThrow());
        history.putArray("epochs").addAll(epochs.values());
        ArrayNode points = history.putArray("steps");
        steps.points().forEach(points::addPOJO);
        try {
            store.put(CheckpointKeys.history(jobId), JSON.writeValueAsBytes(history));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
        tensorBoard
                .map(TensorBoardFile::path)
                .ifPresent(file -> store.put(CheckpointKeys.tensorBoard(jobId) + file.getFileName(), file));
    }

    private static List<StepHistory.Point> points(byte[] json) {
        List<StepHistory.Point> points = new ArrayList<>();
        for (JsonNode point : parse(json).map(h -> h.path("steps")).orElseGet(JSON::createArrayNode)) {
            try {
                points.add(JSON.treeToValue(point, StepHistory.Point.class));
            } catch (JsonProcessingException e) {
                LOG.warnf("a step of history.json is left out: %s", e.getMessage());
            }
        }
        return points;
    }

    private static Optional<JsonNode> parse(byte[] json) {
        try {
            return Optional.of(JSON.readTree(json));
        } catch (IOException e) {
            LOG.warnf("a document of the job's history is left out: %s", e.getMessage());
            return Optional.empty();
        }
    }
}
