package io.infinito.gpt;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The container that libtorch loads a TorchScript module from: a zip of stored entries with the source text and a pickle of the
 * module's attributes (torch/csrc/jit/serialization). There is no Python anywhere.
 */
final class TorchScriptArchive {
    /** The operator set that the text is read with; libtorch 2.7 knows up to this. */
    private static final String VERSION = "10\n";

    private static final byte PROTO = (byte) 0x80;
    private static final byte NEWOBJ = (byte) 0x81;
    private static final byte TRUE = (byte) 0x88;
    private static final byte FALSE = (byte) 0x89;

    private TorchScriptArchive() {}

    /** The bytes of an archive with one module of the class {@code className}. */
    static byte[] of(String className, Map<String, Object> attributes, String source) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "archive/data.pkl", pickle(className, attributes));
            store(zip, "archive/byteorder", "little".getBytes(StandardCharsets.UTF_8));
            store(zip, "archive/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
            store(zip, "archive/constants.pkl", new byte[] {PROTO, 2, ')', '.'});
            store(zip, "archive/version", VERSION.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Pickle protocol 2 of an object of {@code __torch__.className} with these attributes. */
    private static byte[] pickle(String className, Map<String, Object> attributes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(PROTO);
        out.write(2);
        out.write(("c__torch__\n" + className + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(')');
        out.write(NEWOBJ);
        out.write('}');
        out.write('(');
        text(out, "training");
        out.write(TRUE);
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            text(out, attribute.getKey());
            value(out, attribute.getValue());
        }
        out.write('u');
        out.write('b');
        out.write('.');
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.write('X');
        out.write(ByteBuffer.allocate(4)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        out.write(utf8);
    }

    private static void value(ByteArrayOutputStream out, Object value) throws IOException {
        if (value instanceof Boolean flag) {
            out.write(flag ? TRUE : FALSE);
        } else if (value instanceof Long number) {
            out.write('J');
            out.write(ByteBuffer.allocate(4)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .putInt(Math.toIntExact(number))
                    .array());
        } else if (value instanceof Double number) {
            out.write('G');
            // Pickle's binary float is big-endian.
            out.write(ByteBuffer.allocate(8).putDouble(number).array());
        } else {
            throw new IllegalArgumentException("attribute of " + value.getClass());
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setCrc(crc.getValue());
        entry.setSize(content.length);
        entry.setCompressedSize(content.length);
        // Equal text gives equal bytes.
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
