package io.infinito.infer.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The waiting room: bounded in all and for each client, so that nobody can fill it alone. Whoever has the fewest running is served next, and
 * of equals the one whose last turn, or whose arrival, was longest ago: a stream of newcomers holds nobody up for ever. What one client
 * sends is served in its order. A client without anything here leaves no trace. Guarded by its owner's lock.
 *
 * @param <T> what waits
 */
public final class FairQueue<T> implements Iterable<T> {
    private final int places;
    private final int placesPerClient;
    /** By client, the one whose turn was longest ago first; never an empty queue. */
    private final Map<String, Queue<T>> clients = new LinkedHashMap<>();

    private int size;

    /**
     * An empty one.
     *
     * @param places for all together
     * @param placesPerClient for one client, at most {@code places}
     */
    public FairQueue(int places, int placesPerClient) {
        if (places < 0) {
            throw new IllegalArgumentException("places=" + places + " must be at least 0");
        }
        if (placesPerClient < 0 || placesPerClient > places) {
            throw new IllegalArgumentException(
                    "placesPerClient=" + placesPerClient + " must be from 0 to places=" + places);
        }
        this.places = places;
        this.placesPerClient = placesPerClient;
    }

    /** Takes all items or, where they do not fit, none; whether it took them. */
    public boolean offer(String client, List<T> items) {
        return offer(client, items, 0);
    }

    /**
     * Takes all items or none.
     *
     * @param passing how many of those that wait, these included, are about to be polled because places to run are free; they do not count
     * @return whether it took them
     */
    public boolean offer(String client, List<T> items, int passing) {
        if (items.size() > room(client, passing)) {
            return false;
        }
        if (!items.isEmpty()) {
            clients.computeIfAbsent(client, name -> new ArrayDeque<>()).addAll(items);
            size += items.size();
        }
        return true;
    }

    /** How many items of a client {@link #offer} would take. */
    public int room(String client, int passing) {
        long ofAll = (long) places + passing - size;
        long ofClient = (long) placesPerClient + passing - waiting(client);
        return (int) Math.max(0, Math.min(Integer.MAX_VALUE, Math.min(ofAll, ofClient)));
    }

    /** How many items of a client wait. */
    public int waiting(String client) {
        Queue<T> own = clients.get(client);
        return own == null ? 0 : own.size();
    }

    /**
     * Takes the item whose turn it is away. Looks at no more clients than run, and one.
     *
     * @param running how many of a client's items run now
     */
    public Optional<T> poll(ToIntFunction<String> running) {
        String next = null;
        int fewest = Integer.MAX_VALUE;
        for (String client : clients.keySet()) {
            int busy = running.applyAsInt(client);
            if (next == null || busy < fewest) {
                next = client;
                fewest = busy;
            }
            if (fewest == 0) {
                break;
            }
        }
        return next == null ? Optional.empty() : Optional.of(serve(next));
    }

    private T serve(String client) {
        Queue<T> own = clients.remove(client);
        T item = own.remove();
        size--;
        if (!own.isEmpty()) {
            // To the end of the line.
            clients.put(client, own);
        }
        return item;
    }

    /** Takes every item away that {@code unwanted} says, and only then hands them over. */
    public void removeIf(Predicate<? super T> unwanted, Consumer<? super T> removed) {
        List<T> gone = new ArrayList<>();
        for (Iterator<Queue<T>> queues = clients.values().iterator(); queues.hasNext(); ) {
            Queue<T> own = queues.next();
            own.removeIf(item -> {
                boolean goes = unwanted.test(item);
                if (goes) {
                    gone.add(item);
                }
                return goes;
            });
            if (own.isEmpty()) {
                queues.remove();
            }
        }
        size -= gone.size();
        gone.forEach(removed);
    }

    /** How many items wait. */
    public int size() {
        return size;
    }

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** How many clients have something here. */
    public int clients() {
        return clients.size();
    }

    /** Every item that waits, client by client. */
    @Override
    public Iterator<T> iterator() {
        return clients.values().stream().flatMap(Queue::stream).iterator();
    }
}
