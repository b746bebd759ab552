package io.infinito.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.infinito.load.FakeService.Manner;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LoadGeneratorTest {
    @BeforeAll
    static void warmUp() throws InterruptedException {
        LoadTest.warmUp();
    }

    @Test
    void everyMeasurementIsARowOfATable() throws InterruptedException {
        List<String> lines = run(Manner.GENEROUS, "--concurrency", "1,2", "--rates", "50.5");
        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).containsSubsequence("open streams", "tokens/s", "finished", "first p50", "token p99");
        assertThat(lines.get(1)).matches(" +1 +[\\d.,]+ +[1-9]\\d* +0 +0( +[\\d.,]+ ms){4}");
        assertThat(lines.get(2)).matches(" +2 .*");
        assertThat(lines.get(3)).contains("requests/s");
        assertThat(lines.get(4)).matches(" +50\\.500 .*");
    }

    @Test
    void everyMeasurementIsAJsonObject() throws InterruptedException {
        List<String> lines = run(Manner.GENEROUS, "--concurrency", "2", "--rates", "50", "--json");
        assertThat(lines).hasSize(2);
        JsonObject streams = JsonParser.parseString(lines.get(0)).getAsJsonObject();
        assertThat(streams.get("streams").getAsInt()).isEqualTo(2);
        assertThat(streams.get("tokensPerSecond").getAsDouble()).isPositive();
        assertThat(streams.get("finished").getAsInt()).isPositive();
        assertThat(streams.getAsJsonObject("firstTokenMillis").get("p99").getAsDouble())
                .isPositive();
        assertThat(JsonParser.parseString(lines.get(1))
                        .getAsJsonObject()
                        .get("rate")
                        .getAsInt())
                .isEqualTo(50);
    }

    @Test
    void whatWasNotMeasuredIsADashOrNull() throws InterruptedException {
        assertThat(run(Manner.BROKEN, "--concurrency", "1").get(1)).matches(" +1 +0[.,]0 +0 +0 +[1-9]\\d* +- +- +- +-");
        JsonObject json = JsonParser.parseString(
                        run(Manner.BROKEN, "--concurrency", "1", "--json").get(0))
                .getAsJsonObject();
        assertThat(json.getAsJsonObject("firstTokenMillis").get("p50").isJsonNull())
                .isTrue();
        assertThat(json.getAsJsonObject("tokenMillis").get("p99").isJsonNull()).isTrue();
    }

    private static List<String> run(Manner manner, String... args) throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FakeService service = new FakeService(manner)) {
            String[] all = new String[args.length + 8];
            System.arraycopy(
                    new String[] {"--target", service.target(), "--tokens", "3", "--seconds", "0.5", "--warm-up", "0"},
                    0,
                    all,
                    0,
                    8);
            System.arraycopy(args, 0, all, 8, args.length);
            LoadOptions options = LoadOptions.parse(all);
            new LoadGenerator(new PrintStream(out, true, StandardCharsets.UTF_8), options.json()).run(options);
        }
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
