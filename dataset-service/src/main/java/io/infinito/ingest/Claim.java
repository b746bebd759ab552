package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The right to prepare a dataset, as all replicas see it on the topic of manifests: of those who ask for the same attempt the first has
 * it, until somebody asks for a later one. It is kept by telling how far the preparation is.
 */
final class Claim implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Claim.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final DatasetCatalog catalog;
    private final DatasetManifest manifest;
    private final Progress progress;
    private final ScheduledExecutorService ticker;

    private Claim(DatasetCatalog catalog, DatasetManifest manifest, Progress progress, Duration interval) {
        this.catalog = catalog;
        this.manifest = manifest;
        this.progress = progress;
        this.ticker = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "dataset-progress");
            thread.setDaemon(true);
            return thread;
        });
        ScheduledFuture<?> unused =
                ticker.scheduleAtFixedRate(this::tell, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Somebody else goes on with the dataset. */
    static final class LostException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LostException(String message) {
            super(message);
        }
    }

    /**
     * Asks for an attempt.
     *
     * @param manifest with the dataset's id, attempt, worker and the first offsets of its shards
     * @return empty if another worker has it
     */
    static Optional<Claim> take(
            DatasetCatalog catalog, DatasetManifest.Builder manifest, Progress progress, Duration interval) {
        DatasetManifest claimed = manifest.setState(State.PREPARING)
                .setUpdatedAt(Instant.now().toString())
                .build();
        catalog.publish(claimed);
        return isHeld(catalog, claimed)
                ? Optional.of(new Claim(catalog, claimed, progress, interval))
                : Optional.empty();
    }

    /**
     * Goes on only if it is held.
     *
     * @throws LostException if another worker has taken the dataset over
     */
    void ensureHeld() {
        if (!isHeld(catalog, manifest)) {
            throw new LostException("dataset " + manifest.getDatasetId() + ": attempt " + manifest.getAttempt()
                    + " has been taken over by another worker");
        }
    }

    /** Lets others take it at once, without the wait for a worker that fell silent. */
    void release() {
        close();
        if (isHeld(catalog, manifest)) {
            catalog.announce(manifest.toBuilder()
                    .setAttempt(manifest.getAttempt() + 1)
                    .clearWorker()
                    .setProgress(progress.now())
                    .setUpdatedAt(Instant.now().toString())
                    .build());
        }
    }

    /** Tells nothing any more; what is published after this is the last word. */
    @Override
    public void close() {
        ticker.shutdownNow();
        try {
            if (!ticker.awaitTermination(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warnf("dataset %s: its progress is still being told", manifest.getDatasetId());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell() {
        try {
            if (isHeld(catalog, manifest)) {
                catalog.announce(manifest.toBuilder()
                        .setProgress(progress.now())
                        .setUpdatedAt(Instant.now().toString())
                        .build());
            }
        } catch (RuntimeException e) {
            // The next one may come through; whoever takes over sees the silence.
            LOG.warnf("dataset %s: its progress could not be told: %s", manifest.getDatasetId(), e.getMessage());
        }
    }

    private static boolean isHeld(DatasetCatalog catalog, DatasetManifest manifest) {
        return catalog.find(manifest.getDatasetId())
                .filter(latest -> latest.getState() == State.PREPARING
                        && latest.getAttempt() == manifest.getAttempt()
                        && latest.getWorker().equals(manifest.getWorker()))
                .isPresent();
    }
}
