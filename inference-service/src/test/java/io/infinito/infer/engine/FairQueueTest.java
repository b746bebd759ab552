package io.infinito.infer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FairQueueTest {
    private final FairQueue<String> queue = new FairQueue<>(6, 4);
    private final Map<String, Integer> running = new HashMap<>();

    @Test
    void itemsOfOneClientKeepTheirOrder() {
        offer("a", "a1", "a2");
        offer("a", "a3");
        assertThat(pollAll()).containsExactly("a1", "a2", "a3");
        assertThat(queue.poll(client -> 0)).isEmpty();
    }

    @Test
    void clientsTakeTurnsHoweverMuchOneOfThemSent() {
        offer("a", "a1", "a2", "a3", "a4");
        offer("b", "b1", "b2");
        assertThat(pollAll()).containsExactly("a1", "b1", "a2", "b2", "a3", "a4");
    }

    @Test
    void whoHasTheFewestRunningIsNext() {
        running.put("a", 3);
        running.put("b", 1);
        running.put("c", 2);
        offer("a", "a1");
        offer("b", "b1", "b2");
        offer("c", "c1");
        assertThat(poll()).isEqualTo("b1");
        running.put("b", 2);
        // Of equals, the one whose turn was longest ago: b had the last one.
        assertThat(poll()).isEqualTo("c1");
        assertThat(poll()).isEqualTo("b2");
        assertThat(poll()).isEqualTo("a1");
    }

    @Test
    void newcomersDoNotOvertakeWhoWaits() {
        offer("a", "a1", "a2");
        assertThat(poll()).isEqualTo("a1");
        offer("b", "b1");
        // a waits for its second turn since before b came.
        assertThat(poll()).isEqualTo("a2");
        assertThat(poll()).isEqualTo("b1");
    }

    @Test
    void takesAllOrNone() {
        offer("a", "a1", "a2", "a3");
        assertThat(queue.offer("b", List.of("b1", "b2", "b3", "b4"))).isFalse();
        assertThat(queue).containsExactly("a1", "a2", "a3");
        assertThat(queue.clients()).isEqualTo(1);
        offer("b", "b1", "b2", "b3");
        assertThat(queue.offer("c", List.of("c1"))).as("full").isFalse();
        assertThat(queue.offer("c", List.of())).isTrue();
        assertThat(queue.clients()).isEqualTo(2);
    }

    @Test
    void oneClientCannotFillIt() {
        offer("a", "a1", "a2", "a3", "a4");
        assertThat(queue.room("a", 0)).isZero();
        assertThat(queue.offer("a", List.of("a5"))).isFalse();
        assertThat(queue.room("b", 0)).isEqualTo(2);
        offer("b", "b1");
        poll();
        offer("a", "a5");
        assertThat(queue.waiting("a")).isEqualTo(4);
    }

    @Test
    void whatOnlyPassesTakesNoPlace() {
        assertThat(queue.offer("a", List.of("1", "2", "3", "4", "5", "6"), 1)).isFalse();
        assertThat(queue.offer("a", List.of("1", "2", "3", "4", "5", "6"), 2)).isTrue();
        assertThat(queue.size()).isEqualTo(6);
        FairQueue<String> none = new FairQueue<>(0, 0);
        assertThat(none.offer("a", List.of("1"))).isFalse();
        assertThat(none.offer("a", List.of("1"), 1)).isTrue();
        assertThat(none.offer("b", List.of("2"), 1)).isFalse();
    }

    @Test
    void whatIsNotWantedGoesAndItsClientWithIt() {
        offer("a", "a1", "a2", "a3");
        offer("b", "b1");
        List<String> removed = new ArrayList<>();
        queue.removeIf(item -> !item.equals("a2"), item -> {
            assertThat(queue.size())
                    .as("nothing is handed over that still counts")
                    .isEqualTo(1);
            removed.add(item);
        });
        assertThat(removed).containsExactly("a1", "a3", "b1");
        assertThat(queue).containsExactly("a2");
        assertThat(queue.clients()).isEqualTo(1);
        assertThat(poll()).isEqualTo("a2");
        assertThat(queue.clients()).isZero();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void withTenThousandThatWaitAPollLooksAtNoMoreClientsThanRun() {
        FairQueue<Integer> large = new FairQueue<>(10_000, 10_000);
        for (int i = 0; i < 10_000; i++) {
            assertThat(large.offer("client-" + i, List.of(i))).isTrue();
        }
        // The first eight run, and one of them asks again after the others.
        Set<String> busy = new HashSet<>();
        IntStream.range(0, 8).forEach(i -> busy.add("client-" + i));
        int[] looked = {0};
        assertThat(large.poll(client -> {
                    looked[0]++;
                    return busy.contains(client) ? 1 : 0;
                }))
                .contains(8);
        assertThat(looked[0]).isEqualTo(9);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void countsStayTrueAndNobodyStarvesWhateverHappens(long seed) {
        Random random = new Random(seed);
        FairQueue<String> room = new FairQueue<>(20, 8);
        Map<String, Integer> held = new HashMap<>();
        Map<String, Integer> passedOver = new HashMap<>();
        for (int event = 0; event < 5_000; event++) {
            String client = "c" + random.nextInt(7);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    List<String> items = IntStream.rangeClosed(0, random.nextInt(4))
                            .mapToObj(i -> client + "-" + i)
                            .toList();
                    boolean fits = items.size() <= 20 - total(held) && items.size() <= 8 - held.getOrDefault(client, 0);
                    assertThat(room.offer(client, items)).isEqualTo(fits);
                    if (fits) {
                        held.merge(client, items.size(), Integer::sum);
                    }
                }
                case 2 ->
                    room.poll(name -> 0).ifPresent(item -> {
                        String served = owner(item);
                        left(held, served);
                        passedOver.remove(served);
                        held.keySet().forEach(name -> {
                            if (!name.equals(served)) {
                                passedOver.merge(name, 1, Integer::sum);
                            }
                        });
                        // Each of the others goes first once at most.
                        assertThat(passedOver.values()).allMatch(times -> times < 7);
                    });
                default -> room.removeIf(item -> random.nextInt(10) == 0, item -> left(held, owner(item)));
            }
            passedOver.keySet().retainAll(held.keySet());
            assertThat(room.size()).isEqualTo(total(held));
            assertThat(room.clients()).isEqualTo(held.size());
        }
    }

    @Test
    void boundsThatCannotBeAreNamed() {
        assertThatThrownBy(() -> new FairQueue<>(-1, 0)).hasMessage("places=-1 must be at least 0");
        assertThatThrownBy(() -> new FairQueue<>(2, 3)).hasMessage("placesPerClient=3 must be from 0 to places=2");
    }

    private void offer(String client, String... items) {
        assertThat(queue.offer(client, List.of(items))).isTrue();
    }

    private String poll() {
        return queue.poll(client -> running.getOrDefault(client, 0)).orElseThrow();
    }

    private List<String> pollAll() {
        List<String> items = new ArrayList<>();
        while (!queue.isEmpty()) {
            items.add(poll());
        }
        return items;
    }

    private static String owner(String item) {
        return item.substring(0, item.indexOf('-'));
    }

    private static int total(Map<String, Integer> held) {
        return held.values().stream().mapToInt(count -> count).sum();
    }

    private static void left(Map<String, Integer> held, String client) {
        held.computeIfPresent(client, (name, count) -> count == 1 ? null : count - 1);
    }
}
