package io.infinito.infer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads requests whose texts are not UTF-8, so that they are refused by the field's name: protobuf's own parser refuses the whole message,
 * and gRPC tells the client of an error of the server. What is not UTF-8 becomes {@link #NOT_UTF8}, which no field may have.
 *
 * @param <T> the message
 */
final class MendingMarshaller<T extends Message> implements MethodDescriptor.Marshaller<T> {
    /** Unicode keeps this one for a program's own use: it is no character, and no text should have it. */
    static final char NOT_UTF8 = '\uffff';

    private final MethodDescriptor.PrototypeMarshaller<T> original;

    private MendingMarshaller(MethodDescriptor.PrototypeMarshaller<T> original) {
        this.original = original;
    }

    /** The same service with requests that are read so. */
    static ServerServiceDefinition in(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        service.getMethods().forEach(method -> methods.add(mending(method)));
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder mending = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(mending::addMethod);
        return mending.build();
    }

    @SuppressWarnings("unchecked") // Every method of a protobuf service has messages as requests.
    private static <Q, A> ServerMethodDefinition<Q, A> mending(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        MethodDescriptor.Marshaller<Q> marshaller = (MethodDescriptor.Marshaller<Q>) new MendingMarshaller<>(
                (MethodDescriptor.PrototypeMarshaller<Message>) descriptor.getRequestMarshaller());
        return ServerMethodDefinition.create(
                descriptor.toBuilder(marshaller, descriptor.getResponseMarshaller())
                        .build(),
                method.getServerCallHandler());
    }

    @Override
    public InputStream stream(T value) {
        return original.stream(value);
    }

    @Override
    @SuppressWarnings("unchecked") // The parser of a message makes such messages.
    public T parse(InputStream stream) {
        Message prototype = original.getMessagePrototype();
        try {
            ByteString message = UnsafeByteOperations.unsafeWrap(stream.readAllBytes());
            Optional<Message> parsed = parsed(prototype, message);
            if (parsed.isEmpty()) {
                message = mended(prototype.getDescriptorForType(), message);
                parsed = Optional.of(prototype.getParserForType().parseFrom(message));
            }
            return (T) parsed.get();
        } catch (InvalidProtocolBufferException e) {
            throw Status.INTERNAL
                    .withDescription("no message of type "
                            + prototype.getDescriptorForType().getFullName() + ": " + e.getMessage())
                    .withCause(e)
                    .asRuntimeException();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Empty if protobuf refuses it. The exception is not kept: it has the half of the message that was read. */
    private static Optional<Message> parsed(Message prototype, ByteString message) {
        try {
            return Optional.of(prototype.getParserForType().parseFrom(message));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    /**
     * A message in which every text is UTF-8; the same one where they are already. All else is copied as it came, in its order: nothing is
     * made of the millions of numbers that a message may have.
     */
    private static ByteString mended(Descriptor type, ByteString message) throws IOException {
        CodedInputStream in = message.newCodedInput();
        in.enableAliasing(true);
        ByteString.Output bytes = ByteString.newOutput();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        int copied = 0;
        while (true) {
            int start = in.getTotalBytesRead();
            int tag = in.readTag();
            if (tag == 0) {
                break;
            }
            FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
            if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED || !mayHaveText(field)) {
                in.skipField(tag);
                continue;
            }
            ByteString value = in.readBytes();
            ByteString mended = field.getJavaType() == FieldDescriptor.JavaType.STRING
                    ? utf8(value)
                    : mended(field.getMessageType(), value);
            if (mended != value) {
                message.substring(copied, start).writeTo(bytes);
                out.writeUInt32NoTag(tag);
                out.writeBytesNoTag(mended);
                out.flush();
                copied = in.getTotalBytesRead();
            }
        }
        if (copied == 0) {
            return message;
        }
        message.substring(copied).writeTo(bytes);
        return bytes.toByteString();
    }

    private static boolean mayHaveText(FieldDescriptor field) {
        return field != null
                && (field.getJavaType() == FieldDescriptor.JavaType.STRING
                        || field.getJavaType() == FieldDescriptor.JavaType.MESSAGE);
    }

    private static ByteString utf8(ByteString value) {
        if (value.isValidUtf8()) {
            return value;
        }
        try {
            return ByteString.copyFromUtf8(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .replaceWith(String.valueOf(NOT_UTF8))
                    .decode(ByteBuffer.wrap(value.toByteArray()))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new IllegalStateException("a decoder that replaces found something to refuse", e);
        }
    }
}
