package io.infinito.train.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the file back with a parser and a checksum of its own. */
class TensorBoardFileTest {
    /** Castagnoli's polynomial, reflected. */
    private static final int POLYNOMIAL = 0x82f63b78;

    @TempDir
    Path folder;

    @Test
    void checksumOfTheReferenceVector() {
        // RFC 3720, B.4: 32 bytes of zeros.
        assertThat(crc32c(new byte[32])).isEqualTo(0x8a9136aa);
    }

    @Test
    void scalarsComeBackFromFramesWithRightChecksums() throws IOException {
        Instant now = Instant.ofEpochMilli(1_763_900_000_250L);
        TensorBoardFile file = new TensorBoardFile(folder.resolve("new"), 2, 7, now);
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("train/loss", 4.25);
        values.put("train/learning_rate", 3e-4);
        file.scalars(7, now, values);
        file.scalars(300, now, Map.of("train/loss", 4.0));

        assertThat(file.path().getFileName()).hasToString("events.out.tfevents.1763900000.attempt-0002");
        List<UnknownFieldSet> events = events(file.path());
        assertThat(events).hasSize(4);
        assertThat(events.get(0).getField(3).getLengthDelimitedList().get(0).toStringUtf8())
                .isEqualTo("brain.Event:2");
        assertThat(Double.longBitsToDouble(
                        events.get(0).getField(1).getFixed64List().get(0)))
                .isEqualTo(1_763_900_000.25);
        // What was told of step 7 and later before is to be forgotten: session log, status START.
        assertThat(events.get(1).getField(2).getVarintList()).containsExactly(7L);
        assertThat(message(events.get(1), 7).getField(1).getVarintList()).containsExactly(1L);
        assertThat(events.get(2).getField(2).getVarintList()).containsExactly(7L);
        assertThat(scalars(events.get(2)))
                .containsExactly(Map.entry("train/loss", 4.25f), Map.entry("train/learning_rate", 3e-4f));
        assertThat(events.get(3).getField(2).getVarintList()).containsExactly(300L);
        assertThat(scalars(events.get(3))).containsExactly(Map.entry("train/loss", 4f));
    }

    private static List<UnknownFieldSet> events(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<UnknownFieldSet> events = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte[] length = new byte[8];
            bytes.get(length);
            assertThat(bytes.getInt()).isEqualTo(masked(length));
            byte[] event = new byte
                    [Math.toIntExact(ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong())];
            bytes.get(event);
            assertThat(bytes.getInt()).isEqualTo(masked(event));
            events.add(UnknownFieldSet.parseFrom(event));
        }
        return events;
    }

    private static Map<String, Float> scalars(UnknownFieldSet event) throws InvalidProtocolBufferException {
        Map<String, Float> scalars = new LinkedHashMap<>();
        for (var bytes : message(event, 5).getField(1).getLengthDelimitedList()) {
            UnknownFieldSet value = UnknownFieldSet.parseFrom(bytes);
            scalars.put(
                    value.getField(1).getLengthDelimitedList().get(0).toStringUtf8(),
                    Float.intBitsToFloat(value.getField(2).getFixed32List().get(0)));
        }
        return scalars;
    }

    private static UnknownFieldSet message(UnknownFieldSet parent, int field) throws InvalidProtocolBufferException {
        return UnknownFieldSet.parseFrom(
                parent.getField(field).getLengthDelimitedList().get(0));
    }

    private static int masked(byte[] data) {
        int crc = crc32c(data);
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    private static int crc32c(byte[] data) {
        int crc = -1;
        for (byte b : data) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
            }
        }
        return ~crc;
    }
}
