package io.infinito.tokenize;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.tokenizer.Tokenizer;
import io.infinito.tokenizer.v1.CountRequest;
import io.infinito.tokenizer.v1.DecodeRequest;
import io.infinito.tokenizer.v1.EncodeRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** The messages of {@code infinito.tokenizer.v1} as JSON over HTTP. What the codec refuses is status 400. */
@Path("/v1")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class TokenizerResource {
    private final TextCodec codec;
    private final TokenizerCatalog tokenizers;

    TokenizerResource(TextCodec codec, TokenizerCatalog tokenizers) {
        this.codec = codec;
        this.tokenizers = tokenizers;
    }

    /** {@code EncodeRequest} to {@code EncodeResponse}. */
    @POST
    @Path("encode")
    public String encode(String body) throws InvalidJsonException {
        return ProtoJson.print(
                codec.encode(ProtoJson.parse(body, EncodeRequest.newBuilder()).build()));
    }

    /** {@code DecodeRequest} to {@code DecodeResponse}. */
    @POST
    @Path("decode")
    public String decode(String body) throws InvalidJsonException {
        return ProtoJson.print(
                codec.decode(ProtoJson.parse(body, DecodeRequest.newBuilder()).build()));
    }

    /** {@code CountRequest} to {@code CountResponse}. */
    @POST
    @Path("count")
    public String count(String body) throws InvalidJsonException {
        return ProtoJson.print(
                codec.count(ProtoJson.parse(body, CountRequest.newBuilder()).build()));
    }

    /** What a tokenizer is: of the default one, or of the one named. */
    @GET
    @Path("tokenizer")
    public TokenizerInfo tokenizer(@QueryParam("name") @DefaultValue("") String name) {
        Tokenizer tokenizer = tokenizers.get(name);
        return new TokenizerInfo(
                name.isEmpty() ? tokenizers.defaultName() : name, tokenizer.vocabularySize(), tokenizer.sha256());
    }

    @ServerExceptionMapper({InvalidJsonException.class, IllegalArgumentException.class})
    Response refused(Exception e) {
        return Response.status(Response.Status.BAD_REQUEST)
                .type(MediaType.APPLICATION_JSON)
                .entity(new RestError(e.getMessage()))
                .build();
    }

    /**
     * What ids of a tokenizer mean.
     *
     * @param name as requests give it
     * @param vocabularySize one more than the largest id
     * @param sha256 of the {@code tokenizer.json}, lower-case hex
     */
    public record TokenizerInfo(String name, int vocabularySize, String sha256) {}

    /** The body of an answer that is not the one asked for: a sentence that names the field. */
    public record RestError(String error) {}
}
