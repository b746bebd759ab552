package io.infinito.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A safetensors file, memory-mapped: its tensors are views, read when they are touched. Float32 only. */
public final class SafeTensors implements TensorSource {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SafeTensorsIndex index;
    private final Map<String, Tensor> tensors;

    private SafeTensors(SafeTensorsIndex index, Map<String, Tensor> tensors) {
        this.index = index;
        this.tensors = tensors;
    }

    /** Names in the order of the file. */
    public Set<String> names() {
        return index.names();
    }

    @Override
    public Tensor get(String name, long... shape) {
        index.place(name, shape);
        return tensors.get(name);
    }

    /**
     * Maps a file. The mapping lasts until the tensors are garbage.
     *
     * @throws IllegalArgumentException if the file is not whole and well-formed
     */
    public static SafeTensors read(Path path) {
        SafeTensorsIndex index = SafeTensorsIndex.read(path);
        Map<String, Tensor> tensors = new HashMap<>();
        for (String name : index.names()) {
            tensors.put(name, index.place(name, index.shape(name)).map(name));
        }
        return new SafeTensors(index, tensors);
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
        header.putObject(SafeTensorsIndex.METADATA).put("format", "pt");
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
