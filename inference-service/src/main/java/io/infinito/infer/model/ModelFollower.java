package io.infinito.infer.model;

import io.infinito.infer.model.StoredAliases.Choice;
import io.infinito.storage.ObjectStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Keeps in service what the store says. It looks there when it starts, when told that something happened, and now and then anyway; a new
 * model is loaded by a thread of its own while the old one goes on answering. What cannot be loaded leaves the old one in place. A refused
 * checkpoint is not tried again until the store names another, or pins it anew.
 */
public final class ModelFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelFollower.class);
    /** While nothing is served nobody should have to wait for the usual pause. */
    private static final Duration LONGEST_PAUSE_WITHOUT_MODEL = Duration.ofSeconds(1);

    private final String modelName;
    private final List<ModelSlot> slots;
    private final StoredAliases aliases;
    private final ModelLoader loader;
    private final CheckpointCache cache;
    private final ReloadMetrics metrics;
    private final StartupTimeline timeline;
    private final Runnable whenServing;
    private final ScheduledExecutorService thread;
    private final AtomicBoolean checkQueued = new AtomicBoolean();
    /** All that were loaded and are not free yet. */
    private final List<LoadedModel> inMemory = new ArrayList<>();

    /**
     * Does nothing until {@link #start}.
     *
     * @param loader becomes this object's
     * @param served the aliases that are followed; BEST is always among them
     * @param whenServing run after each swap of the best
     */
    public ModelFollower(
            String modelName,
            Set<ServedAlias> served,
            ObjectStore store,
            ModelLoader loader,
            CheckpointCache cache,
            ReloadMetrics metrics,
            StartupTimeline timeline,
            Runnable whenServing) {
        if (!served.contains(ServedAlias.BEST)) {
            throw new IllegalArgumentException("the best model is always served, not only " + served);
        }
        this.modelName = modelName;
        this.slots = served.stream().sorted().map(ModelSlot::new).toList();
        this.aliases = new StoredAliases(modelName, store);
        this.loader = loader;
        this.cache = cache;
        this.metrics = metrics;
        this.timeline = timeline;
        this.whenServing = whenServing;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread worker = new Thread(task, "model-follower");
            worker.setDaemon(true);
            return worker;
        });
        metrics.countLoaded(this::loadedModels);
    }

    /** Looks now, and again after each {@code pollInterval}; at least each second while there is no model. */
    public void start(Duration pollInterval) {
        thread.execute(() -> poll(pollInterval));
    }

    private void poll(Duration interval) {
        check();
        boolean waits = serving().isEmpty() && interval.compareTo(LONGEST_PAUSE_WITHOUT_MODEL) > 0;
        Duration pause = waits ? LONGEST_PAUSE_WITHOUT_MODEL : interval;
        if (!thread.isShutdown()) {
            thread.schedule(() -> poll(interval), pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Looks soon, because the store may say something else now. Many calls are one look. */
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

    /** The aliases that are followed, BEST first. */
    public List<ServedAlias> aliases() {
        return slots.stream().map(ModelSlot::alias).toList();
    }

    /** The best model with one user more, who releases it; empty if there is none yet. */
    public Optional<LoadedModel> acquire() {
        return acquire(ServedAlias.BEST);
    }

    /** The model of an alias with one user more, who releases it; empty if there is none yet or the alias is not followed. */
    public Optional<LoadedModel> acquire(ServedAlias alias) {
        return slots.stream().filter(slot -> slot.alias() == alias).findFirst().flatMap(ModelSlot::acquire);
    }

    /**
     * How an alias is served.
     *
     * @throws IllegalArgumentException if it is not followed
     */
    public ServingState state(ServedAlias alias) {
        return slots.stream()
                .filter(slot -> slot.alias() == alias)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(alias + " is not followed"))
                .state();
    }

    /** The identity of the best model in service. */
    public Optional<ModelIdentity> serving() {
        return state(ServedAlias.BEST).serving();
    }

    /** Why no model is in service, or why the last look failed; empty when all is well. */
    public String obstacle() {
        return state(ServedAlias.BEST).obstacle();
    }

    /** Why the newest candidate was refused; empty if it was not. */
    public String lastRefusal() {
        return state(ServedAlias.BEST).refusal();
    }

    /** How many versions are in memory: those that are served, and older ones that requests still use. */
    public int loadedModels() {
        synchronized (inMemory) {
            inMemory.removeIf(LoadedModel::isFreed);
            return inMemory.size();
        }
    }

    private void check() {
        List<ModelIdentity> before = identities();
        slots.forEach(this::check);
        // Only once all have looked: another alias may want what is in the cache.
        if (!identities().equals(before)) {
            cache.keepOnly(identities().stream().map(ModelIdentity::sha256).collect(Collectors.toSet()));
        }
    }

    private List<ModelIdentity> identities() {
        return slots.stream().flatMap(slot -> slot.state().serving().stream()).toList();
    }

    private void check(ModelSlot slot) {
        try {
            Optional<Choice> choice = aliases.choice(slot.alias());
            timeline.reached(StartupTimeline.Milestone.STORE);
            if (choice.isEmpty()) {
                hindered(slot, aliases.absence(slot.alias()));
            } else {
                follow(slot, choice.get());
            }
        } catch (CheckpointRefusedException e) {
            refuse(slot, Optional.empty(), e);
        } catch (RuntimeException | Error e) {
            // Whatever it was, the next look may succeed, and an exception here would end all looking.
            hindered(slot, String.valueOf(e.getMessage()));
            LOG.debug("looking for a new model failed", e);
        }
    }

    private void follow(ModelSlot slot, Choice choice) {
        if (slot.serves(choice)) {
            slot.confirm(choice);
            return;
        }
        if (slot.hasRefused(choice)) {
            slot.refuseStill();
            return;
        }
        slot.expect(choice);
        long start = System.nanoTime();
        LoadedModel fresh;
        try {
            fresh = shared(choice).orElse(null);
            if (fresh == null) {
                fresh = loader.load(modelName, choice.checkpoint());
                remember(fresh);
            }
        } catch (CheckpointRefusedException e) {
            refuse(slot, Optional.of(choice), e);
            return;
        }
        swap(slot, fresh, choice, Duration.ofNanos(System.nanoTime() - start));
    }

    /** The newest is often the best: one copy of it is enough. */
    private Optional<LoadedModel> shared(Choice choice) {
        return slots.stream().filter(slot -> slot.serves(choice)).findFirst().flatMap(ModelSlot::acquire);
    }

    private void remember(LoadedModel model) {
        synchronized (inMemory) {
            inMemory.removeIf(LoadedModel::isFreed);
            inMemory.add(model);
        }
    }

    private void swap(ModelSlot slot, LoadedModel fresh, Choice choice, Duration time) {
        slot.swap(fresh, choice);
        metrics.reloaded(time);
        LOG.infof(
                "serving %s@%s: %s%s (%,d parameters, validation loss %.4f), loaded in %d ms",
                modelName,
                slot.alias().label(),
                fresh.identity().version(),
                choice.isPinned() ? ", pinned" : "",
                fresh.config().parameterCount(),
                fresh.validationLoss(),
                time.toMillis());
        if (slot.alias() == ServedAlias.BEST) {
            if (timeline.reached(StartupTimeline.Milestone.MODEL)) {
                LOG.infof("first model since the process started: %s", timeline);
            }
            whenServing.run();
        }
    }

    private void refuse(ModelSlot slot, Optional<Choice> choice, CheckpointRefusedException refusal) {
        if (!slot.state().refusal().equals(refusal.getMessage())) {
            LOG.errorf(
                    "refused a checkpoint for %s@%s (%s): %s",
                    modelName, slot.alias().label(), refusal.reason().tag(), refusal.getMessage());
            metrics.refused(refusal.reason());
        }
        slot.refuse(choice, refusal.reason(), refusal.getMessage());
    }

    private void hindered(ModelSlot slot, String reason) {
        if (thread.isShutdown()) {
            return;
        }
        ServingState state = slot.state();
        // Once for each reason: the look is repeated every few seconds.
        if (!state.obstacle().equals(reason)) {
            LOG.warnf(
                    "%s@%s: %s: %s",
                    modelName,
                    slot.alias().label(),
                    state.serving().isEmpty() ? "no model is loaded" : "cannot look for a new model",
                    reason);
        }
        slot.hinder(reason);
    }

    /** Stops looking and lets the models go; requests in flight keep them until they end. */
    @Override
    public void close() throws InterruptedException {
        thread.shutdownNow();
        thread.awaitTermination(10, TimeUnit.SECONDS);
        slots.forEach(ModelSlot::close);
        loader.close();
    }
}
