package io.infinito.infer.model;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.storage.ObjectStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Keeps the model that {@code best.json} names in service. It looks there when it starts, when told that something happened, and now and
 * then anyway; a new model is loaded by a thread of its own while the old one goes on answering. What cannot be loaded leaves the old one
 * in place. A refused checkpoint is not tried again until the alias names another.
 */
public final class ModelFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelFollower.class);

    private final String modelName;
    private final ObjectStore store;
    private final ModelLoader loader;
    private final CheckpointCache cache;
    private final ReloadMetrics metrics;
    private final Runnable whenServing;
    private final ScheduledExecutorService thread;
    private final AtomicBoolean checkQueued = new AtomicBoolean();

    private volatile LoadedModel current;
    private volatile String obstacle = "the object store was not asked yet";
    private volatile String lastRefusal = "";
    private String refusedSha256 = "";
    private ScheduledFuture<?> polling;

    /**
     * Does nothing until {@link #start}.
     *
     * @param whenServing run after each swap
     */
    public ModelFollower(
            String modelName,
            ObjectStore store,
            ModelLoader loader,
            CheckpointCache cache,
            ReloadMetrics metrics,
            Runnable whenServing) {
        this.modelName = modelName;
        this.store = store;
        this.loader = loader;
        this.cache = cache;
        this.metrics = metrics;
        this.whenServing = whenServing;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread worker = new Thread(task, "model-follower");
            worker.setDaemon(true);
            return worker;
        });
    }

    /** Looks now, and again after each {@code pollInterval}. */
    public void start(Duration pollInterval) {
        polling = thread.scheduleWithFixedDelay(this::check, 0, pollInterval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Looks soon, because the alias may have moved. Many calls are one look. */
    public void checkSoon() {
        if (checkQueued.compareAndSet(false, true)) {
            thread.execute(() -> {
                checkQueued.set(false);
                check();
            });
        }
    }

    /** The name that is followed. */
    public String modelName() {
        return modelName;
    }

    /** The model in service with one user more, who releases it; empty if there is none yet. */
    public Optional<LoadedModel> acquire() {
        for (LoadedModel model = current; model != null; model = current) {
            if (model.retain()) {
                return Optional.of(model);
            }
            // It was swapped out between the two lines; the next look finds its successor.
        }
        return Optional.empty();
    }

    /** The identity of the model in service. */
    public Optional<ModelIdentity> serving() {
        return Optional.ofNullable(current).map(LoadedModel::identity);
    }

    /** Why no model is in service, or why the last look failed; empty when all is well. */
    public String obstacle() {
        return obstacle;
    }

    /** Why the newest candidate was refused; empty if it was not. */
    public String lastRefusal() {
        return lastRefusal;
    }

    private void check() {
        try {
            Optional<byte[]> document = store.get(CheckpointKeys.best(modelName));
            if (document.isEmpty()) {
                hindered(CheckpointKeys.best(modelName) + " does not exist yet in bucket " + store.bucket()
                        + ": train a model named " + modelName);
                return;
            }
            follow(alias(document.get()));
        } catch (CheckpointRefusedException e) {
            refuse(e, "");
        } catch (RuntimeException | Error e) {
            // Whatever it was, the next look may succeed, and an exception here would end all looking.
            hindered(String.valueOf(e.getMessage()));
            LOG.debug("looking for a new model failed", e);
        }
    }

    private BestAlias alias(byte[] document) throws CheckpointRefusedException {
        try {
            return BestAlias.fromJson(document);
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(CheckpointKeys.best(modelName) + ": " + e.getMessage(), e);
        }
    }

    private void follow(BestAlias alias) {
        LoadedModel old = current;
        if (old != null && old.identity().sha256().equals(alias.manifestSha256())) {
            obstacle = "";
            lastRefusal = "";
            refusedSha256 = "";
            return;
        }
        if (alias.manifestSha256().equals(refusedSha256)) {
            return;
        }
        long start = System.nanoTime();
        LoadedModel fresh;
        try {
            fresh = loader.load(modelName, alias);
        } catch (CheckpointRefusedException e) {
            refuse(e, alias.manifestSha256());
            return;
        }
        swap(old, fresh, Duration.ofNanos(System.nanoTime() - start));
    }

    private void swap(LoadedModel old, LoadedModel fresh, Duration time) {
        current = fresh;
        obstacle = "";
        lastRefusal = "";
        refusedSha256 = "";
        metrics.reloaded(time);
        LOG.infof(
                "serving %s %s (%,d parameters, validation loss %.4f), loaded in %d ms",
                modelName,
                fresh.identity().version(),
                fresh.config().parameterCount(),
                fresh.validationLoss(),
                time.toMillis());
        whenServing.run();
        if (old != null) {
            old.release();
        }
        cache.keepOnly(fresh.identity().sha256());
    }

    private void refuse(CheckpointRefusedException refusal, String sha256) {
        if (!lastRefusal.equals(refusal.getMessage())) {
            LOG.errorf("refused a checkpoint of %s: %s", modelName, refusal.getMessage());
            metrics.refused();
        }
        lastRefusal = refusal.getMessage();
        refusedSha256 = sha256;
        obstacle = "the checkpoint was refused: " + refusal.getMessage();
    }

    private void hindered(String reason) {
        if (thread.isShutdown()) {
            return;
        }
        // Once for each reason: the look is repeated every few seconds.
        if (!obstacle.equals(reason)) {
            LOG.warnf("%s: %s", current == null ? "no model is loaded" : "cannot look for a new model", reason);
        }
        obstacle = reason;
    }

    /** Stops looking and lets the model go; requests in flight keep it until they end. */
    @Override
    public void close() throws InterruptedException {
        if (polling != null) {
            polling.cancel(true);
        }
        thread.shutdownNow();
        thread.awaitTermination(10, TimeUnit.SECONDS);
        LoadedModel last = current;
        current = null;
        if (last != null) {
            last.release();
        }
    }
}
