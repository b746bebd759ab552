package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientNameTest {
    @Test
    void nobodyCanTakeAnothersNameByStatingIt() {
        assertThat(ClientName.ofHeader("10.0.0.1"))
                .isNotEqualTo(ClientName.ofAddress("10.0.0.1"))
                .isNotEqualTo(ClientName.ofUser("10.0.0.1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "tab\t", "ümlaut", "nul\0", "new\nline"})
    void headersAreVisibleAscii(String stated) {
        assertThatThrownBy(() -> ClientName.ofHeader(stated))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("x-client-id must be visible ASCII characters without spaces");
    }

    @Test
    void lengthsAreBounded() {
        assertThat(ClientName.ofHeader("x".repeat(128))).hasSize(131);
        assertThatThrownBy(() -> ClientName.ofHeader("x".repeat(129)))
                .hasMessage("x-client-id has 129 characters, 1 to 128 are allowed");
        assertThatThrownBy(() -> ClientName.ofHeader(""))
                .hasMessage("x-client-id has 0 characters, 1 to 128 are allowed");
        assertThatThrownBy(() -> ClientName.ofUser("x".repeat(129)))
                .hasMessage("user has 129 characters, 1 to 128 are allowed");
    }
}
