package io.infinito.train.history;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A file of TensorBoard scalars: TFRecord frames, each with a {@code tensorflow.Event} message. Safe for use by several threads.
 *
 * <p>A frame is the length of the message (8 bytes, little-endian), its masked CRC32C, the message, and the message's masked CRC32C.
 */
public final class TensorBoardFile {
    private static final String VERSION = "brain.Event:2";
    private static final int CRC_MASK = 0xa282ead8;
    // Field numbers of tensorflow.Event, Summary, Summary.Value and SessionLog.
    private static final int EVENT_WALL_TIME = 1;
    private static final int EVENT_STEP = 2;
    private static final int EVENT_FILE_VERSION = 3;
    private static final int EVENT_SUMMARY = 5;
    private static final int EVENT_SESSION_LOG = 7;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE = 2;
    private static final int SESSION_STATUS = 1;
    private static final int SESSION_START = 1;

    private final Path file;

    /**
     * Begins a file.
     *
     * @param folder made when missing
     * @param attempt of the job, from 1; TensorBoard reads the files of a folder in the order of their names
     * @param firstStep that this file tells of: what earlier attempts told of it and later ones is forgotten
     * @throws UncheckedIOException if it cannot be written
     */
    public TensorBoardFile(Path folder, int attempt, int firstStep, Instant now) {
        file = folder.resolve("events.out.tfevents.%010d.attempt-%04d".formatted(now.getEpochSecond(), attempt));
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
        append(message(event -> {
            event.writeDouble(EVENT_WALL_TIME, seconds(now));
            event.writeString(EVENT_FILE_VERSION, VERSION);
        }));
        append(message(event -> {
            event.writeDouble(EVENT_WALL_TIME, seconds(now));
            event.writeInt64(EVENT_STEP, firstStep);
            event.writeByteArray(EVENT_SESSION_LOG, message(log -> log.writeEnum(SESSION_STATUS, SESSION_START)));
        }));
    }

    /** Where it lies. */
    public Path path() {
        return file;
    }

    /**
     * Scalars of one step.
     *
     * @param values tag -> value
     * @throws UncheckedIOException if it cannot be written
     */
    public void scalars(int step, Instant now, Map<String, Double> values) {
        append(message(event -> {
            event.writeDouble(EVENT_WALL_TIME, seconds(now));
            event.writeInt64(EVENT_STEP, step);
            event.writeByteArray(EVENT_SUMMARY, message(summary -> {
                for (Map.Entry<String, Double> value : values.entrySet()) {
                    summary.writeByteArray(SUMMARY_VALUE, message(v -> {
                        v.writeString(VALUE_TAG, value.getKey());
                        v.writeFloat(VALUE_SIMPLE, value.getValue().floatValue());
                    }));
                }
            }));
        }));
    }

    private synchronized void append(byte[] message) {
        byte[] length = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(message.length)
                .array();
        ByteBuffer frame = ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES + message.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(length)
                .putInt(maskedCrc(length))
                .put(message)
                .putInt(maskedCrc(message))
                .flip();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (frame.hasRemaining()) {
                channel.write(frame);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static int maskedCrc(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, data.length);
        return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
    }

    private static double seconds(Instant time) {
        return time.toEpochMilli() / 1e3;
    }

    private interface Fields {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            fields.writeTo(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
