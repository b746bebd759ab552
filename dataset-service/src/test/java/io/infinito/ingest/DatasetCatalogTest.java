package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import org.junit.jupiter.api.Test;

class DatasetCatalogTest {
    private static final DatasetManifest NOTHING = DatasetManifest.getDefaultInstance();

    @Test
    void givesAnAttemptToTheFirstWorkerThatAsksForIt() {
        assertThat(DatasetCatalog.accepts(NOTHING, preparing(1, "a"))).isTrue();
        assertThat(DatasetCatalog.accepts(preparing(1, "a"), preparing(1, "b"))).isFalse();
        assertThat(DatasetCatalog.accepts(preparing(1, "a"), preparing(1, "a"))).isTrue();
    }

    @Test
    void givesADatasetToTheLaterAttempt() {
        assertThat(DatasetCatalog.accepts(preparing(1, "a"), preparing(2, "b"))).isTrue();
        assertThat(DatasetCatalog.accepts(preparing(2, "b"), preparing(1, "a"))).isFalse();
        assertThat(DatasetCatalog.accepts(ended(State.READY, 2), preparing(2, "b")))
                .isFalse();
        assertThat(DatasetCatalog.accepts(ended(State.READY, 2), preparing(3, "b")))
                .isTrue();
    }

    @Test
    void takesNoResultOfAnAttemptThatWasSuperseded() {
        assertThat(DatasetCatalog.accepts(preparing(2, "b"), ended(State.FAILED, 1)))
                .isFalse();
        assertThat(DatasetCatalog.accepts(preparing(2, "b"), ended(State.READY, 2)))
                .isTrue();
        assertThat(DatasetCatalog.accepts(ended(State.READY, 2), ended(State.READY, 2)))
                .isTrue();
    }

    @Test
    void takesRepeatedProgressForNoClaim() {
        assertThat(DatasetCatalog.accepts(NOTHING, preparing(0, ""))).isFalse();
        assertThat(DatasetCatalog.accepts(preparing(1, "a"), preparing(0, "a"))).isFalse();
    }

    private static DatasetManifest preparing(int attempt, String worker) {
        return DatasetManifest.newBuilder()
                .setState(State.PREPARING)
                .setAttempt(attempt)
                .setWorker(worker)
                .build();
    }

    private static DatasetManifest ended(State state, int attempt) {
        return DatasetManifest.newBuilder().setState(state).setAttempt(attempt).build();
    }
}
