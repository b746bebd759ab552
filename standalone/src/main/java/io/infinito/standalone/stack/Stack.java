package io.infinito.standalone.stack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * The processes of one installation. They start in groups, each group when the one before is ready, and stop in the reverse order. When
 * one dies, the others are of no use: {@link #awaitDeath} tells, and the owner closes the stack.
 */
public final class Stack implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(75);
    private static final long PROBE_INTERVAL_MILLIS = 100;

    private final DataDirectory data;
    private final Watchdog watchdog = new Watchdog();
    private final List<List<ServiceProcess>> groups = new ArrayList<>();
    private final BlockingQueue<ServiceProcess> deaths = new LinkedBlockingQueue<>();
    private volatile boolean closing;
    private boolean closed;

    /** A stack without processes yet; it owns the data directory from here on. */
    public Stack(DataDirectory data) {
        this.data = data;
    }

    /**
     * Starts everything and waits until it is ready.
     *
     * @param plan groups of processes, in the order of their start
     * @param started is told the name of each process that has become ready
     * @throws StackFailure if one dies or does not become ready; the others go on until {@link #close}
     */
    public void start(List<List<ServiceSpec>> plan, Consumer<String> started) throws InterruptedException {
        for (List<ServiceSpec> specs : plan) {
            List<ServiceProcess> group = launch(specs);
            awaitReady(group, started);
        }
    }

    /** What to tell the user if one has died. */
    public Optional<String> death() {
        return Optional.ofNullable(deaths.peek()).map(ServiceProcess::obituary);
    }

    /** Waits until one dies, and says what to tell the user. */
    public String awaitDeath() throws InterruptedException {
        return deaths.take().obituary();
    }

    /** Stops everything in reverse order; each group gets thirty seconds, in which a trainer writes its checkpoint. Calling it again waits for the first call. */
    @Override
    public void close() {
        closing = true;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            for (int i = groups.size() - 1; i >= 0; i--) {
                stop(groups.get(i));
            }
            watchdog.close();
            data.close();
        }
    }

    private synchronized List<ServiceProcess> launch(List<ServiceSpec> specs) {
        if (closing) {
            throw new StackFailure("stopped while starting");
        }
        List<ServiceProcess> group = new ArrayList<>();
        groups.add(group);
        for (ServiceSpec spec : specs) {
            ServiceProcess process = ServiceProcess.start(spec, data.log(spec.name()));
            group.add(process);
            watchdog.guard(process);
            CompletableFuture<Void> unused = process.onExit().thenAccept(this::noteDeath);
        }
        return List.copyOf(group);
    }

    private void awaitReady(List<ServiceProcess> group, Consumer<String> started) throws InterruptedException {
        long end = System.nanoTime() + START_TIMEOUT.toNanos();
        List<ServiceProcess> waiting = new ArrayList<>(group);
        while (!waiting.isEmpty()) {
            Optional<String> death = death();
            if (death.isPresent()) {
                throw new StackFailure(death.get());
            }
            if (closing) {
                throw new StackFailure("stopped while starting");
            }
            if (System.nanoTime() > end) {
                ServiceProcess late = waiting.get(0);
                throw new StackFailure("the " + late.name() + " is not ready after " + START_TIMEOUT.toSeconds()
                        + " s; its log " + late.log() + " ends with:\n" + String.join("\n", late.lastLines()));
            }
            waiting.removeIf(process -> {
                boolean ready = process.isReady();
                if (ready) {
                    started.accept(process.name());
                }
                return ready;
            });
            Thread.sleep(PROBE_INTERVAL_MILLIS);
        }
    }

    /** An end that was asked for is no death. */
    private void noteDeath(ServiceProcess process) {
        if (!closing) {
            deaths.add(process);
        }
    }

    private static void stop(List<ServiceProcess> group) {
        group.forEach(ServiceProcess::terminate);
        long end = System.nanoTime() + STOP_TIMEOUT.toNanos();
        for (ServiceProcess process : group) {
            try {
                process.awaitEnd(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
