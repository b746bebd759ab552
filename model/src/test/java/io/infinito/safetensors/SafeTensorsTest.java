package io.infinito.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir
    Path folder;

    @Test
    void writesTheFormatByteForByte() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(tensor("w", new long[] {2, 1}, 1.5f, -2f), tensor("s", new long[0], 3f)));
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong());
        assertThat(header % 8).isZero();
        String json = new String(bytes.array(), 8, header, StandardCharsets.UTF_8);
        assertThat(json.stripTrailing())
                .isEqualTo("{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                        + "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}");
        bytes.position(8 + header);
        assertThat(bytes.getFloat()).isEqualTo(1.5f);
        assertThat(bytes.getFloat()).isEqualTo(-2f);
        assertThat(bytes.getFloat()).isEqualTo(3f);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void readsWhatItWrote() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(tensor("w", new long[] {2, 1}, 1.5f, -2f), tensor("s", new long[0], 3f)));
        SafeTensors read = SafeTensors.read(file);
        assertThat(read.names()).containsExactly("w", "s");
        assertThat(read.get("w", 2, 1).floats().get(1)).isEqualTo(-2f);
        assertThat(read.get("s").floats().get(0)).isEqualTo(3f);
        assertThatThrownBy(() -> read.get("v")).hasMessageContaining("has no tensor v");
        assertThatThrownBy(() -> read.get("w", 1, 2)).hasMessageContaining("has shape [2, 1], expected [1, 2]");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 40, 100})
    void refusesATornFile(int bytes) throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(tensor("w", new long[] {40}, new float[40])));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[9223372036854775803,9223372036854775807]}}",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}",
                "{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"w\":7}"
            })
    void refusesAHeaderThatLies(String json) throws IOException {
        Path file = folder.resolve("a.safetensors");
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        Files.write(
                file,
                ByteBuffer.allocate(8 + header.length + 4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(header.length)
                        .put(header)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Tensor tensor(String name, long[] shape, float... values) {
        ByteBuffer data = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(name, shape, data);
    }
}
