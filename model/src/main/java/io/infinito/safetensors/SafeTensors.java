package io.infinito.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** A safetensors file, memory-mapped: its tensors are views, read when they are touched. Float32 only. */
public final class SafeTensors implements TensorSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    /** The format's own bound: a longer header is an attack. */
    private static final long MAX_HEADER_BYTES = 100_000_000;

    private final Path path;
    private final Map<String, Tensor> tensors;

    private SafeTensors(Path path, Map<String, Tensor> tensors) {
        this.path = path;
        this.tensors = tensors;
    }

    /** Names in the order of the file. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /**
     * The shape of a tensor.
     *
     * @throws IllegalArgumentException if the file has none of this name
     */
    public long[] shape(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(path + " has no tensor " + name);
        }
        return tensor.shape();
    }

    @Override
    public Tensor get(String name, long... shape) {
        long[] found = shape(name);
        if (!Arrays.equals(found, shape)) {
            throw new IllegalArgumentException("tensor " + name + " in " + path + " has shape " + Arrays.toString(found)
                    + ", expected " + Arrays.toString(shape));
        }
        return tensors.get(name);
    }

    /**
     * Maps a file. The mapping lasts until the tensors are garbage.
     *
     * @throws IllegalArgumentException if the file is not whole and well-formed
     */
    public static SafeTensors read(Path path) {
        return read(path, name -> true);
    }

    /**
     * Maps the tensors of a file whose names are wanted; the others may be of any type.
     *
     * @throws IllegalArgumentException if the file is not whole and well-formed
     */
    public static SafeTensors read(Path path, Predicate<String> wanted) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            ByteBuffer start = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            if (channel.read(start, 0) < Long.BYTES) {
                throw malformed(path, "is shorter than its header's length");
            }
            long headerBytes = start.getLong(0);
            if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, size - Long.BYTES)) {
                throw malformed(path, "says that its header has " + headerBytes + " bytes");
            }
            byte[] header = new byte[(int) headerBytes];
            channel.map(MapMode.READ_ONLY, Long.BYTES, headerBytes).get(header);
            return new SafeTensors(
                    path, tensors(path, channel, JSON.readTree(header), Long.BYTES + headerBytes, wanted));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw malformed(path, "has a header that is not JSON");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, Tensor> tensors(
            Path path, FileChannel channel, JsonNode header, long dataStart, Predicate<String> wanted)
            throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            if (field.getKey().equals(METADATA) || !wanted.test(field.getKey())) {
                continue;
            }
            JsonNode entry = field.getValue();
            if (!entry.path("dtype").asText().equals("F32")) {
                throw malformed(path, "has tensor " + field.getKey() + " of type " + entry.path("dtype") + ", not F32");
            }
            long[] shape = new long[entry.path("shape").size()];
            Arrays.setAll(shape, i -> entry.path("shape").get(i).asLong());
            long from = entry.path("data_offsets").path(0).asLong(-1);
            long to = entry.path("data_offsets").path(1).asLong(-1);
            if (from < 0 || to < from || dataStart + to > channel.size()) {
                throw malformed(path, "has tensor " + field.getKey() + " outside the file: it is torn");
            }
            ByteBuffer data = channel.map(MapMode.READ_ONLY, dataStart + from, to - from);
            tensors.put(field.getKey(), new Tensor(field.getKey(), shape, data));
        }
        return tensors;
    }

    private static IllegalArgumentException malformed(Path path, String what) {
        return new IllegalArgumentException("safetensors file " + path + " " + what);
    }

    /** Writes tensors in this order. The metadata says {@code format: pt}, without which {@code transformers} refuses the file. */
    public static void write(Path path, List<Tensor> tensors) throws IOException {
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            byte[] header = header(tensors);
            ByteBuffer start = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(header.length).put(header).flip();
            List<ByteBuffer> buffers = new ArrayList<>(List.of(start));
            tensors.forEach(tensor -> buffers.add(tensor.data()));
            for (ByteBuffer buffer : buffers) {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        }
    }

    private static byte[] header(List<Tensor> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        header.putObject(METADATA).put("format", "pt");
        long offset = 0;
        for (Tensor tensor : tensors) {
            long end = offset + tensor.data().capacity();
            ObjectNode entry = header.putObject(tensor.name()).put("dtype", "F32");
            Arrays.stream(tensor.shape()).forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        // Spaces up to a multiple of eight keep the numbers aligned.
        String json = JSON.writeValueAsString(header);
        int padding = Math.floorMod(-json.getBytes(StandardCharsets.UTF_8).length, 8);
        return (json + " ".repeat(padding)).getBytes(StandardCharsets.UTF_8);
    }
}
