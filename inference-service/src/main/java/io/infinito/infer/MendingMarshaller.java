package io.infinito.infer;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
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
import java.util.Map;

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
            byte[] bytes = stream.readAllBytes();
            try {
                return (T) prototype.getParserForType().parseFrom(bytes);
            } catch (InvalidProtocolBufferException e) {
                ByteString mended = mended(prototype.getDescriptorForType(), ByteString.copyFrom(bytes));
                return (T) prototype.getParserForType().parseFrom(mended);
            }
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

    /** A message in which every text is UTF-8. */
    private static ByteString mended(Descriptor type, ByteString message) throws InvalidProtocolBufferException {
        UnknownFieldSet.Builder mended = UnknownFieldSet.newBuilder();
        for (Map.Entry<Integer, UnknownFieldSet.Field> entry :
                UnknownFieldSet.parseFrom(message).asMap().entrySet()) {
            FieldDescriptor field = type.findFieldByNumber(entry.getKey());
            boolean text = field != null && field.getType() == FieldDescriptor.Type.STRING;
            if (text || (field != null && field.getType() == FieldDescriptor.Type.MESSAGE)) {
                UnknownFieldSet.Field.Builder values = UnknownFieldSet.Field.newBuilder();
                for (ByteString value : entry.getValue().getLengthDelimitedList()) {
                    values.addLengthDelimited(text ? utf8(value) : mended(field.getMessageType(), value));
                }
                mended.addField(entry.getKey(), values.build());
            } else {
                mended.addField(entry.getKey(), entry.getValue());
            }
        }
        return mended.build().toByteString();
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
