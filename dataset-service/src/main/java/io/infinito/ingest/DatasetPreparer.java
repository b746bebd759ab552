package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.Sources;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.jboss.logging.Logger;

/**
 * Answers requests for datasets with manifests: a dataset that is ready at once, one that another worker prepares when that is done, and
 * any other after its preparation. What it writes depends on the request and the source only, so a request that is seen again gives the
 * same dataset.
 */
public final class DatasetPreparer {
    private static final Logger LOG = Logger.getLogger(DatasetPreparer.class);

    private final Sources sources;
    private final DatasetCatalog catalog;
    private final ShardTopic shards;
    private final Exchanges exchanges;
    private final PreparationLimits limits;
    private final BooleanSupplier stopping;

    /** Opens the way to the tokenizers for one attempt at a dataset. */
    @FunctionalInterface
    interface Exchanges {
        PieceExchange open(DatasetManifest claim, Runnable interruption);
    }

    /**
     * A preparer.
     *
     * @param stopping whether to leave what is not finished to another worker
     */
    DatasetPreparer(
            Sources sources,
            DatasetCatalog catalog,
            ShardTopic shards,
            Exchanges exchanges,
            PreparationLimits limits,
            BooleanSupplier stopping) {
        this.sources = sources;
        this.catalog = catalog;
        this.shards = shards;
        this.exchanges = exchanges;
        this.limits = limits;
        this.stopping = stopping;
    }

    /**
     * Publishes the manifests that answer a request and returns the last of them.
     *
     * @throws CancellationException if the service stops: the request is not answered yet
     * @throws org.apache.kafka.common.errors.RetriableException if the broker did not answer: it can be tried again
     */
    DatasetManifest answer(DatasetRequest request, String requestId) {
        ensureRunning("request " + requestId);
        DatasetManifest.Builder manifest =
                DatasetManifest.newBuilder().setRequestId(requestId).setSpec(request.getDataset());
        try {
            DatasetDefinition definition = DatasetDefinition.of(request.getDataset());
            manifest.setSpec(definition.spec());
            try (WorkFolder folder = WorkFolder.in(limits.workFolder())) {
                Corpus corpus = sources.open(definition.address(), definition.rules(), folder.path());
                manifest.setDatasetId(definition.id(corpus, limits.shardTokens()));
                return settle(definition, corpus, manifest);
            }
        } catch (SourceException | PreparationException e) {
            // Threads are interrupted when the service stops: nobody's fault.
            ensureRunning("request " + requestId);
            LOG.infof("request %s: %s", requestId, e.getMessage());
            return publish(manifest.setError(e.getMessage()), State.FAILED);
        } catch (IOException e) {
            ensureRunning("request " + requestId);
            LOG.warnf(e, "request %s", requestId);
            return publish(
                    manifest.setError("dataset.source: " + manifest.getSpec().getSource() + " cannot be read: " + e),
                    State.FAILED);
        } catch (InterruptException e) {
            ensureRunning("request " + requestId);
            throw e;
        }
    }

    /** Waits, prepares, or finds it done, until there is an answer. */
    private DatasetManifest settle(DatasetDefinition definition, Corpus corpus, DatasetManifest.Builder request)
            throws IOException {
        String id = request.getDatasetId();
        while (true) {
            DatasetManifest known = catalog.find(id).orElse(DatasetManifest.getDefaultInstance());
            request.setAttempt(known.getAttempt());
            if (known.getState() == State.READY) {
                if (shards.holds(known)) {
                    LOG.infof("dataset %s is ready already", id);
                    return publish(known.toBuilder().setRequestId(request.getRequestId()), State.READY);
                }
                LOG.warnf("dataset %s: its shards are no longer in %s; it is prepared again", id, shards.name());
            }
            if (known.getState() == State.PREPARING
                    && !known.getWorker().isEmpty()
                    && !catalog.isSilent(id, limits.claimTimeout())) {
                Optional<DatasetManifest> failed = follow(known, request);
                if (failed.isPresent()) {
                    return failed.get();
                }
                continue;
            }
            Optional<DatasetManifest> made = attempt(definition, corpus, request, known);
            if (made.isPresent()) {
                return made.get();
            }
        }
    }

    /** Tells whoever asked how far the other worker is, until something else is to be done; the failure, if it comes to that. */
    private Optional<DatasetManifest> follow(DatasetManifest claim, DatasetManifest.Builder request) {
        DatasetManifest seen = claim;
        while (seen.getState() == State.PREPARING && seen.getWorker().equals(claim.getWorker())) {
            ensureRunning("dataset " + request.getDatasetId());
            if (catalog.isSilent(claim.getDatasetId(), limits.claimTimeout())) {
                LOG.warnf(
                        "dataset %s: nothing was heard of its worker for %s",
                        claim.getDatasetId(), limits.claimTimeout());
                return Optional.empty();
            }
            catalog.announce(request.clone()
                    .setState(State.PREPARING)
                    .setAttempt(0)
                    .setProgress(seen.getProgress())
                    .setUpdatedAt(Instant.now().toString())
                    .build());
            catalog.awaitChange(seen, limits.progressInterval());
            seen = catalog.find(claim.getDatasetId()).orElse(DatasetManifest.getDefaultInstance());
        }
        return seen.getState() == State.FAILED
                ? Optional.of(publish(seen.toBuilder().setRequestId(request.getRequestId()), State.FAILED))
                : Optional.empty();
    }

    /** The answer, or empty if another worker was first or took over. */
    private Optional<DatasetManifest> attempt(
            DatasetDefinition definition, Corpus corpus, DatasetManifest.Builder request, DatasetManifest known)
            throws IOException {
        String topicId = shards.id();
        boolean resumes =
                known.getState() == State.PREPARING && known.getShardsTopicId().equals(topicId);
        Progress progress = new Progress(corpus.totalBytes());
        DatasetManifest.Builder manifest = request.clone()
                .setAttempt(known.getAttempt() + 1)
                .setWorker(UUID.randomUUID().toString())
                .setShardsTopicId(topicId)
                .addAllRanges(resumes ? known.getRangesList() : shards.end())
                .setProgress(progress.now());
        Optional<Claim> taken = Claim.take(catalog, manifest, progress, limits.progressInterval());
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        request.setAttempt(manifest.getAttempt());
        LOG.infof(
                "dataset %s: %s %s, attempt %d",
                request.getDatasetId(),
                resumes ? "going on with" : "preparing",
                definition.source(),
                manifest.getAttempt());
        try (Claim claim = taken.get()) {
            Runnable interruption = () -> {
                claim.ensureHeld();
                ensureRunning("dataset " + request.getDatasetId());
            };
            try (PieceExchange exchange = exchanges.open(manifest.build(), interruption)) {
                new Preparation(corpus, exchange, progress, limits).run(definition.source(), manifest);
            } catch (RuntimeException e) {
                if (stopping.getAsBoolean() || e instanceof RetriableException) {
                    claim.release();
                }
                throw e;
            }
            claim.close();
            claim.ensureHeld();
            return Optional.of(publish(manifest.setProgress(progress.now()), State.READY));
        } catch (Claim.LostException e) {
            LOG.warn(e.getMessage());
            return Optional.empty();
        }
    }

    private void ensureRunning(String what) {
        if (stopping.getAsBoolean()) {
            throw new CancellationException("the service stops; " + what + " is left to the next one");
        }
    }

    private DatasetManifest publish(DatasetManifest.Builder manifest, State state) {
        DatasetManifest published =
                manifest.setState(state).setUpdatedAt(Instant.now().toString()).build();
        catalog.publish(published);
        return published;
    }
}
