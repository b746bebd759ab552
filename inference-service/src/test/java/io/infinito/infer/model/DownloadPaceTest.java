package io.infinito.infer.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DownloadPaceTest {
    @ParameterizedTest
    @EnumSource
    void theContentIsTheSameAtAnyPace(DownloadPace pace) throws Exception {
        byte[] bytes = new byte[3 << 18];
        new Random(1).nextBytes(bytes);
        try (InputStream content = pace.of(new ByteArrayInputStream(bytes))) {
            assertThat(content.read()).isEqualTo(Byte.toUnsignedInt(bytes[0]));
            assertThat(content.readAllBytes())
                    .hasSize(bytes.length - 1)
                    .endsWith(bytes[bytes.length - 2], bytes[bytes.length - 1]);
            assertThat(content.read()).isEqualTo(-1);
        }
    }
}
