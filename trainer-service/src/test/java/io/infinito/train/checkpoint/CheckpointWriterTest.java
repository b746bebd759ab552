package io.infinito.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.infinito.checkpoint.TrainerState;
import io.infinito.storage.StorageException;
import io.infinito.train.Evaluation;
import io.infinito.train.RunListener.EpochDone;
import io.infinito.train.checkpoint.CheckpointWriter.Upload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class CheckpointWriterTest {
    private static final Evaluation.Result MEASURED = new Evaluation.Result(1, 2, 3, 1);

    @TempDir
    Path folder;

    private final List<Upload> uploaded = new CopyOnWriteArrayList<>();
    private final List<String> troubles = new CopyOnWriteArrayList<>();

    @Test
    void aStoreThatIsAwayHoldsNothingUpAndGetsTheBestAndTheNewest() {
        AtomicBoolean away = new AtomicBoolean(true);
        try (CheckpointWriter writer = writer(new Retention(0, 3), upload -> {
            if (away.get()) {
                throw new StorageException("away");
            }
            uploaded.add(upload);
        })) {
            for (int epoch = 1; epoch <= 6; epoch++) {
                submit(writer, epoch, epoch < 4 ? epoch : 4);
            }
            await().until(() -> troubles.contains("away"));
            away.set(false);
            writer.await();
        }
        // One was in transfer for a moment; all events are there, in order.
        assertThat(uploaded).extracting(u -> u.epoch().orElseThrow().epoch()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(uploaded)
                .filteredOn(u -> u.files().isPresent())
                .extracting(u -> u.state().step())
                .contains(30, 40, 60)
                .hasSizeLessThanOrEqualTo(4);
        assertThat(troubles).last().isEqualTo("");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aCheckpointInsideAnEpochIsLeftOutWhileOneIsBeingWritten() throws InterruptedException {
        CountDownLatch written = new CountDownLatch(1);
        try (CheckpointWriter writer = new CheckpointWriter(
                snapshot -> {
                    awaitLatch(written);
                    return stage(snapshot);
                },
                uploaded::add,
                troubles::add,
                new Retention(0, 0))) {
            assertThat(writer.offer(() -> snapshot(1, 0))).isTrue();
            assertThat(writer.offer(() -> snapshot(2, 0))).isFalse();
            // An epoch's waits its turn in memory.
            submit(writer, 1, 1);
            written.countDown();
            writer.await();
        }
        assertThat(uploaded).extracting(u -> u.state().step()).endsWith(10);
    }

    @Test
    void ofCopiesOfOneStepTheOneThatWasBestIsNotLost() {
        AtomicBoolean away = new AtomicBoolean(true);
        try (CheckpointWriter writer = writer(new Retention(0, 0), upload -> {
            if (away.get()) {
                throw new StorageException("away");
            }
            uploaded.add(upload);
        })) {
            submit(writer, 1, 1);
            await().until(() -> troubles.contains("away"));
            writer.submit(() -> snapshot(15, 10), Optional.empty());
            writer.submit(() -> snapshot(15, 15), Optional.empty());
            writer.submit(() -> snapshot(15, 15), Optional.empty());
            away.set(false);
            writer.await();
        }
        assertThat(uploaded)
                .filteredOn(u -> u.files().isPresent() && u.state().step() == 15)
                .hasSize(2)
                .allMatch(Upload::isBest);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aDiskThatTakesNothingEndsTheRunWithItsReason() {
        try (CheckpointWriter writer = new CheckpointWriter(
                snapshot -> {
                    throw new UncheckedIOException("No space left on device", new IOException());
                },
                uploaded::add,
                troubles::add,
                new Retention(0, 0))) {
            writer.offer(() -> snapshot(1, 0));
            assertThatThrownBy(writer::await).hasMessage("No space left on device");
            assertThat(writer.hasFailed()).isTrue();
            assertThat(writer.offer(() -> snapshot(2, 0))).isFalse();
        }
    }

    private CheckpointWriter writer(Retention retention, java.util.function.Consumer<Upload> uploader) {
        return new CheckpointWriter(this::stage, uploader, troubles::add, retention);
    }

    private static void submit(CheckpointWriter writer, int epoch, int bestEpoch) {
        EpochDone done =
                new EpochDone(epoch, 10 * epoch, 1, MEASURED, Optional.empty(), List.of(), 1, 1, 1, epoch == bestEpoch);
        writer.submit(() -> snapshot(10 * epoch, 10 * bestEpoch), Optional.of(done));
    }

    private static CheckpointSnapshot snapshot(int step, int bestStep) {
        return new CheckpointSnapshot(
                List.of(),
                List.of(),
                new TrainerState(step, 0, 0, 0, 1, bestStep, 0, 0, new TrainerState.Guard(0, 0, 0)),
                1,
                1);
    }

    private StagedCheckpoint stage(CheckpointSnapshot snapshot) {
        try {
            Path files = Files.createTempDirectory(folder, "step");
            Files.writeString(files.resolve("part"), "x");
            return new StagedCheckpoint(files, snapshot.state(), 1, 1, Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
