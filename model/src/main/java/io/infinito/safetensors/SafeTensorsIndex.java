package io.infinito.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What the header of a safetensors file says: which tensors lie where. Float32 only. */
public final class SafeTensorsIndex implements TensorPlaces {
    /** The key beside the names of tensors. */
    static final String METADATA = "__metadata__";

    private static final ObjectMapper JSON = new ObjectMapper();
    /** The format's own bound: a longer header is an attack. */
    private static final long MAX_HEADER_BYTES = 100_000_000;

    private final Path path;
    private final Map<String, TensorPlace> places;

    private SafeTensorsIndex(Path path, Map<String, TensorPlace> places) {
        this.path = path;
        this.places = places;
    }

    /** Names in the order of the file. */
    public Set<String> names() {
        return places.keySet();
    }

    /**
     * The shape of a tensor.
     *
     * @throws IllegalArgumentException if the file has none of this name
     */
    public long[] shape(String name) {
        return find(name).shape();
    }

    @Override
    public TensorPlace place(String name, long... shape) {
        TensorPlace place = find(name);
        if (!Arrays.equals(place.shape(), shape)) {
            throw new IllegalArgumentException("tensor " + name + " in " + path + " has shape "
                    + Arrays.toString(place.shape()) + ", expected " + Arrays.toString(shape));
        }
        return place;
    }

    private TensorPlace find(String name) {
        TensorPlace place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException(path + " has no tensor " + name);
        }
        return place;
    }

    /**
     * Reads the header of a file.
     *
     * @throws IllegalArgumentException if the file is not whole and well-formed
     */
    public static SafeTensorsIndex read(Path path) {
        return read(path, name -> true);
    }

    /**
     * Reads what the header of a file says of the tensors whose names are wanted; the others may be of any type.
     *
     * @throws IllegalArgumentException if the file is not whole and well-formed
     */
    public static SafeTensorsIndex read(Path path, Predicate<String> wanted) {
        try (InputStream in = Files.newInputStream(path)) {
            long size = Files.size(path);
            byte[] start = in.readNBytes(Long.BYTES);
            if (start.length < Long.BYTES) {
                throw malformed(path, "is shorter than its header's length");
            }
            long headerBytes =
                    ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, size - Long.BYTES)) {
                throw malformed(path, "says that its header has " + headerBytes + " bytes");
            }
            JsonNode header = JSON.readTree(in.readNBytes((int) headerBytes));
            return new SafeTensorsIndex(path, places(path, header, Long.BYTES + headerBytes, size, wanted));
        } catch (JsonProcessingException e) {
            throw malformed(path, "has a header that is not JSON");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, TensorPlace> places(
            Path path, JsonNode header, long dataStart, long size, Predicate<String> wanted) {
        Map<String, TensorPlace> places = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            String name = field.getKey();
            if (name.equals(METADATA) || !wanted.test(name)) {
                continue;
            }
            JsonNode entry = field.getValue();
            if (!entry.path("dtype").asText().equals("F32")) {
                throw malformed(path, "has tensor " + name + " of type " + entry.path("dtype") + ", not F32");
            }
            long[] shape = new long[entry.path("shape").size()];
            Arrays.setAll(shape, i -> entry.path("shape").get(i).asLong());
            long from = entry.path("data_offsets").path(0).asLong(-1);
            long to = entry.path("data_offsets").path(1).asLong(-1);
            if (from < 0 || to < from || to > size - dataStart) {
                throw malformed(path, "has tensor " + name + " outside the file: it is torn");
            }
            TensorPlace place = new TensorPlace(path, dataStart + from, shape);
            if (Tensor.bytes(name, shape) != to - from) {
                throw malformed(
                        path,
                        "has tensor " + name + " of shape " + Arrays.toString(shape) + " in " + (to - from) + " bytes");
            }
            places.put(name, place);
        }
        return places;
    }

    private static IllegalArgumentException malformed(Path path, String what) {
        return new IllegalArgumentException("safetensors file " + path + " " + what);
    }
}
