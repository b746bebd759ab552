package io.infinito.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadOptionsTest {
    @Test
    void whatIsNotSaidHasADefault() {
        assertThat(LoadOptions.parse())
                .isEqualTo(new LoadOptions(
                        "localhost:9000",
                        "Once upon a time",
                        64,
                        List.of(1, 2, 4, 8, 16, 32),
                        List.of(),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(2),
                        1,
                        false));
    }

    @Test
    void everyNameIsRead() {
        assertThat(LoadOptions.parse(
                        "--target",
                        "there:1",
                        "--prompt",
                        "--json",
                        "--tokens",
                        "3",
                        "--concurrency",
                        " ",
                        "--rates",
                        "0.5, 20",
                        "--seconds",
                        "0.25",
                        "--warm-up",
                        "0",
                        "--seed",
                        "-7",
                        "--json"))
                .isEqualTo(new LoadOptions(
                        "there:1",
                        "--json",
                        3,
                        List.of(),
                        List.of(0.5, 20.0),
                        Duration.ofMillis(250),
                        Duration.ZERO,
                        -7,
                        true));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--tokens | 0 | --tokens 0 must be at least 1",
                "--tokens | many | --tokens 'many' must be a number",
                "--tokens | 1.5 | --tokens '1.5' must be a number",
                "--concurrency | 4,0 | --concurrency 0 must be at least 1",
                "--concurrency | 1,,2 | --concurrency '' must be a number",
                "--rates | 1,-1 | --rates -1.0 must be greater than 0 and finite",
                "--rates | Infinity | --rates Infinity must be greater than 0 and finite",
                "--rates | NaN | --rates NaN must be greater than 0 and finite",
                "--rates | fast | --rates 'fast' must be a number",
                "--seconds | 0 | --seconds PT0S must be longer than 0",
                "--seconds | 1e300 | --seconds 1e300 must be at most 86400",
                "--seconds | NaN | --seconds NaN must be at most 86400",
                "--seconds | long | --seconds 'long' must be a number",
                "--warm-up | -1 | --warm-up PT-1S must be at least 0",
                "--seed | x | --seed 'x' must be a number"
            })
    void aValueThatIsNoneIsNamed(String name, String value, String message) {
        assertThatThrownBy(() -> LoadOptions.parse(name, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        assertThatThrownBy(() -> LoadOptions.parse("--token", "3"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--token is not one of [--concurrency, --json, ");
        assertThatThrownBy(() -> LoadOptions.parse("--json", "--tokens"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--tokens needs a value");
        assertThatThrownBy(() -> LoadOptions.parse("--help")).isInstanceOf(IllegalArgumentException.class);
    }
}
