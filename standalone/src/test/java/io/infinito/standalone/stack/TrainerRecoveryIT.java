package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.standalone.jobs.JobTopics;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.ModelSpec;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import io.infinito.training.v1.TrainRequest;
import io.infinito.training.v1.TrainingSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever becomes of a trainer, the broker or the store: a job ends with the losses and the weights of an undisturbed run. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class TrainerRecoveryIT {
    private static final int LINES = 1000;
    private static final int EPOCHS = 3;
    private static final String FIRST = "trainer-1";
    private static final String SECOND = "trainer-2";

    /** What of an epoch does not depend on the clock or on who trained it. */
    private record Result(int sequence, int epoch, int step, double trainLoss, double validationLoss, boolean best) {
        static Result of(EpochCompleted epoch) {
            return new Result(
                    epoch.getSequence(),
                    epoch.getEpoch(),
                    epoch.getStep(),
                    epoch.getTrainLoss(),
                    epoch.getValidationLoss(),
                    epoch.getBest());
        }
    }

    @TempDir
    static Path folder;

    private static Services services;
    private static TrainTopics topics;
    private static JobTopics jobs;
    private static ObjectStore store;
    private static List<Result> undisturbed;
    private static String undisturbedWeights;
    private static int totalSteps;

    @BeforeAll
    static void trainUndisturbed() throws Exception {
        services = new Services(folder);
        services.start(Services.S3);
        services.start("tokenizer-1");
        services.start("dataset-1");
        services.start(FIRST);
        store = services.store();
        topics = new TrainTopics(services.brokers());
        jobs = new JobTopics(services.brokers(), "");
        writeLines();
        jobs.submit(request("undisturbed").build());
        TrainJobStatus end = topics.awaitEnd("undisturbed");
        assertThat(end.getPhase()).as(end.getError()).isEqualTo(Phase.COMPLETED);
        undisturbed = results("undisturbed");
        undisturbedWeights = weights("undisturbed");
        totalSteps = end.getTotalSteps();
        assertThat(undisturbed).hasSize(EPOCHS);
        assertThat(end.getResidentMemoryBytes()).isPositive();
        services.stop("tokenizer-1");
    }

    @AfterAll
    static void close() throws InterruptedException {
        if (topics != null) {
            topics.close();
        }
        if (store != null) {
            store.close();
        }
        if (services != null) {
            services.close();
        }
    }

    @BeforeEach
    void oneTrainer() throws InterruptedException {
        services.ensureRunning(FIRST);
        services.ensureStopped(SECOND);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {41, 42})
    void aKilledTrainerGoesOnWhenItIsStartedAgain(long seed) throws Exception {
        String job = "killed-" + seed;
        Random random = new Random(seed);
        jobs.submit(request(job).build());
        awaitStep(job, 1 + random.nextInt(totalSteps / 2));
        services.kill(FIRST);
        services.start(FIRST);
        awaitStep(job, totalSteps / 2 + random.nextInt(totalSteps / 3));
        services.kill(FIRST);
        services.start(FIRST);

        assertUndisturbed(job);
    }

    @Test
    void anotherTrainerTakesOverWhatAKilledOneHad() throws Exception {
        services.start(SECOND);
        jobs.submit(request("two").build());
        topics.await("two", status -> status.getStep() > totalSteps / 4);
        String owner = owner("two", 1);
        services.kill(owner);

        assertUndisturbed("two");
        assertThat(owner("two", 2)).isNotEqualTo(owner);
    }

    @Test
    void aTrainerThatIsAskedToStopHandsItsLastStepBack() throws Exception {
        jobs.submit(request("handed").build());
        awaitStep("handed", totalSteps / 2);
        services.stop(FIRST);
        int reached = lastStatus("handed").getStep();
        int kept = manifests("handed").stream()
                .mapToInt(key -> CheckpointKeys.stepOfManifest(key).orElseThrow())
                .max()
                .orElse(0);
        assertThat(kept).isGreaterThanOrEqualTo(reached);
        // Otherwise a job that is moved about often would be given up as one that kills its trainers.
        assertThat(store.get(CheckpointKeys.attempt("handed", 1)).orElseThrow())
                .asString(StandardCharsets.UTF_8)
                .contains("\"trained\":true")
                .contains("\"letGo\":true");
        services.start(FIRST);

        assertUndisturbed("handed");
    }

    @Test
    void aTrainerThatWasHeldUpPublishesNothingAfterItsSuccessorStarted() throws Exception {
        jobs.submit(request("stale").build());
        awaitStep("stale", totalSteps / 3);
        services.signal(FIRST, "STOP");
        services.start(SECOND);
        topics.await("stale", status -> status.getAttempt() == 2 && status.getPhase() == Phase.RUNNING);
        services.signal(FIRST, "CONT");

        assertUndisturbed("stale");
        // It gets the time to say what it should not.
        String successor = "after-stale";
        jobs.submit(request(successor).build());
        topics.awaitEnd(successor);
        List<TrainJobStatus> statuses = topics.statuses("stale");
        List<Integer> attempts =
                statuses.stream().map(TrainJobStatus::getAttempt).toList();
        String successorStarted = statuses.get(attempts.indexOf(2)).getUpdatedAt();
        // A status that was on its way when the process was held up may come late; readers know it by its attempt.
        assertThat(statuses)
                .filteredOn(s -> s.getAttempt() == 1)
                .allSatisfy(s -> assertThat(s.getUpdatedAt()).isLessThan(successorStarted));
        assertThat(attempts.subList(attempts.indexOf(2), attempts.size()))
                .filteredOn(attempt -> attempt == 1)
                .hasSizeLessThan(2);
        assertThat(topics.epochs("stale"))
                .extracting(EpochCompleted::getSequence)
                .doesNotHaveDuplicates();
        assertThat(services.log(FIRST)).contains("attempt 1 of job stale was replaced by attempt 2");
    }

    @Test
    void aBrokerThatIsStartedAgainStopsNothing() throws Exception {
        jobs.submit(request("broker").build());
        awaitStep("broker", totalSteps / 3);
        services.kill(Services.BROKER);
        services.start(Services.BROKER);

        assertUndisturbed("broker");
        assertThat(attempts("broker")).isEqualTo(1);
    }

    @Test
    void aStoreThatIsAwayStopsNothing() throws Exception {
        jobs.submit(request("store").build());
        awaitStep("store", totalSteps / 3);
        services.kill(Services.S3);
        int before = lastStatus("store").getStep();
        topics.await("store", status -> status.getStep() >= totalSteps || status.getStep() > before + totalSteps / 3);
        topics.await("store", status -> !status.getError().isEmpty());
        services.start(Services.S3);

        assertUndisturbed("store");
        assertThat(attempts("store")).isEqualTo(1);
        assertThat(topics.awaitEnd("store").getError()).isEmpty();
    }

    @Test
    void anAlteredCheckpointIsPassedOverForTheOneBefore() throws Exception {
        jobs.submit(request("altered").build());
        topics.await("altered", status -> status.getEpoch() == 2 && status.getStep() > totalSteps / 2);
        services.kill(FIRST);
        List<String> manifests = manifests("altered");
        assertThat(manifests).hasSizeGreaterThan(1);
        String model = CheckpointKeys.folderOf(manifests.get(0)) + CheckpointKeys.MODEL;
        byte[] altered = store.get(model).orElseThrow();
        altered[altered.length - 1] ^= 1;
        store.put(model, altered);
        services.start(FIRST);

        assertUndisturbed("altered");
        assertThat(services.log(FIRST)).contains("checkpoint " + manifests.get(0) + " cannot be used");
    }

    @Test
    void cancellingEndsAJobWithinAStep() {
        jobs.submit(endless("cancelled").build());
        topics.await("cancelled", status -> status.getStep() > 5);
        int before = lastStatus("cancelled").getStep();
        Instant asked = Instant.now();
        jobs.cancel("cancelled");
        TrainJobStatus end = topics.awaitEnd("cancelled");
        assertThat(end.getPhase()).isEqualTo(Phase.CANCELLED);
        assertThat(end.getStep()).isGreaterThanOrEqualTo(before);
        assertThat(Instant.parse(end.getUpdatedAt())).isBefore(asked.plusSeconds(5));
        assertThat(manifests("cancelled")).isNotEmpty();
    }

    @Test
    void aDeadlineEndsAJobAndKeepsItsCheckpoints() {
        jobs.submit(endless("late").setDeadlineSeconds(3).build());
        TrainJobStatus end = topics.awaitEnd("late");
        assertThat(end.getPhase()).isEqualTo(Phase.FAILED);
        assertThat(end.getError()).startsWith("deadlineSeconds=3.0 have passed since the job's first start at ");
        assertThat(manifests("late")).isNotEmpty();
    }

    @Test
    void aJobThatCannotBeRunLeavesTheTrainerToTheNext() throws Exception {
        jobs.submit(request("too-large")
                .setModel(ModelSpec.newBuilder()
                        .setLayers(96)
                        .setHidden(16384)
                        .setHeads(16)
                        .setContext(16))
                .build());
        TrainJobStatus tooLarge = topics.awaitEnd("too-large");
        assertThat(tooLarge.getPhase()).isEqualTo(Phase.FAILED);
        assertThat(tooLarge.getError()).startsWith("out of memory: model with ");

        // A file where the folder of checkpoints should be: as a full disk, but for every user.
        Path inTheWay = Files.writeString(services.workFolder(FIRST).resolve("jobs/no-disk"), "");
        jobs.submit(request("no-disk").build());
        TrainJobStatus noDisk = topics.awaitEnd("no-disk");
        Files.delete(inTheWay);
        assertThat(noDisk.getPhase()).isEqualTo(Phase.FAILED);
        assertThat(noDisk.getError())
                .startsWith("infinito.trainer.work-folder=")
                .contains("cannot be written");

        jobs.submit(request("next").build());
        assertUndisturbed("next");
    }

    private static void assertUndisturbed(String job) {
        TrainJobStatus end = topics.awaitEnd(job);
        assertThat(end.getPhase()).as(end.getError()).isEqualTo(Phase.COMPLETED);
        // Every epoch is there; one that is told again has its old number and its old result.
        assertThat(results(job)).isEqualTo(undisturbed);
        assertThat(weights(job)).isEqualTo(undisturbedWeights);
    }

    private static List<Result> results(String job) {
        Awaitility.await().until(() -> topics.epochs(job).stream().anyMatch(epoch -> epoch.getEpoch() == EPOCHS));
        return topics.epochs(job).stream()
                .map(Result::of)
                .distinct()
                .sorted(Comparator.comparingInt(Result::sequence))
                .toList();
    }

    private static String weights(String job) {
        return CheckpointManifest.fromJson(store.get(manifests(job).get(0)).orElseThrow())
                .parts()
                .get(CheckpointKeys.MODEL)
                .sha256();
    }

    /** The newest first. */
    private static List<String> manifests(String job) {
        return store.list(CheckpointKeys.job(job)).stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.stepOfManifest(key).isPresent())
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    private static int attempts(String job) {
        return store.list(CheckpointKeys.attempts(job)).size();
    }

    private static String owner(String job, int attempt) {
        return services.nameOf(
                new String(store.get(CheckpointKeys.attempt(job, attempt)).orElseThrow())
                        .replaceFirst("(?s).*/(\\d+)\".*", "$1"));
    }

    private static TrainJobStatus lastStatus(String job) {
        List<TrainJobStatus> statuses = topics.statuses(job);
        return statuses.get(statuses.size() - 1);
    }

    private static void awaitStep(String job, int step) {
        topics.await(job, status -> status.getStep() >= step);
    }

    private static TrainRequest.Builder endless(String job) {
        TrainRequest.Builder request = request(job);
        request.getTrainingBuilder().setEpochs(10_000);
        return request;
    }

    private static TrainRequest.Builder request(String job) {
        return TrainRequest.newBuilder()
                .setJobId(job)
                .setModelName(job)
                .setDataset(DatasetSpec.newBuilder()
                        .setSource("file:" + folder.resolve("corpus.txt"))
                        .setTokenizer(folder.resolve("bytes.json").toString()))
                .setModel(ModelSpec.newBuilder()
                        .setLayers(1)
                        .setHidden(32)
                        .setHeads(2)
                        .setContext(32))
                .setTraining(TrainingSpec.newBuilder()
                        .setEpochs(EPOCHS)
                        .setBatchSize(4)
                        .setAccumulationSteps(2)
                        .setWarmupSteps(5)
                        .setLearningRate(3e-3)
                        .setDropout(io.infinito.training.v1.Dropout.newBuilder()
                                .setEmbedding(0.1)
                                .setAttention(0.1)
                                .setResidual(0.1))
                        .setCheckpointEverySteps(25)
                        .setKeepCheckpoints(3)
                        .setTensorboard(true));
    }

    private static void writeLines() throws IOException {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LINES; i++) {
            text.append("Line ").append(i).append(" has the number ").append(random.nextInt());
            text.append(" and no other .\n");
        }
        Files.writeString(folder.resolve("corpus.txt"), text);
        Files.writeString(folder.resolve("bytes.json"), ByteTokenizer.json());
    }
}
