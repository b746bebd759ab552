package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@WithTestResource(Backends.class)
class OpenAiTest extends ServedTinyModel {
    private static final String EVENT = "data: ";

    @TestHTTPResource
    URL address;

    @Test
    void completesAPrompt() {
        post("""
            {"model":"default","prompt":"Hello","max_tokens":8,"seed":3,"ignore_eos":true,"user":"passed over"}\
            """)
                .statusCode(200)
                .body("id", startsWith("cmpl-"))
                .body("object", equalTo("text_completion"))
                .body("model", equalTo("default"))
                .body("system_fingerprint", equalTo(served.version()))
                .body("choices", hasSize(1))
                .body("choices[0].index", equalTo(0))
                .body("choices[0].finish_reason", equalTo("length"))
                .body("choices[0].logprobs", nullValue())
                .body("usage.prompt_tokens", equalTo(5))
                .body("usage.completion_tokens", equalTo(8))
                .body("usage.total_tokens", equalTo(13));
    }

    @Test
    void severalPromptsHaveNChoicesEach() {
        post("""
            {"prompt":["One","Two"],"n":2,"max_tokens":4,"seed":3,"echo":true,"logprobs":2,"ignore_eos":true}\
            """)
                .statusCode(200)
                .body("choices.index", equalTo(List.of(0, 1, 2, 3)))
                .body("choices[1].text", startsWith("One"))
                .body("choices[2].text", startsWith("Two"))
                .body("choices[0].logprobs.tokens", hasSize(7))
                .body("choices[0].logprobs.token_logprobs[0]", nullValue())
                .body("choices[0].logprobs.text_offset[3]", equalTo(3))
                .body("usage.prompt_tokens", equalTo(6))
                .body("usage.completion_tokens", equalTo(16));
    }

    @Test
    void tokenIdsAreAPromptToo() {
        String text = post("""
            {"prompt":[72,105],"max_tokens":6,"temperature":0,"ignore_eos":true}\
            """).statusCode(200).extract().path("choices[0].text");
        post("""
            {"prompt":"Hi","max_tokens":6,"temperature":0,"ignore_eos":true}\
            """).body("choices[0].text", equalTo(text));
    }

    @Test
    void aStreamIsTheAnswerInEventsAndEndsWithDone() throws IOException {
        String body = """
            {"prompt":"Hello","max_tokens":30,"seed":5,"ignore_eos":true%s}\
            """;
        String whole = post(body.formatted("")).extract().path("choices[0].text");
        String events = given().contentType("application/json")
                .body(body.formatted(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"))
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .contentType(startsWith("text/event-stream"))
                .extract()
                .asString();
        List<String> data = new ArrayList<>();
        for (String event : events.split("\n\n")) {
            assertThat(event).startsWith(EVENT);
            data.add(event.substring(EVENT.length()));
        }
        assertThat(data.remove(data.size() - 1)).isEqualTo("[DONE]");
        JsonNode usage = new ObjectMapper().readTree(data.remove(data.size() - 1));
        assertThat(usage.at("/choices")).isEmpty();
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(30);
        StringBuilder text = new StringBuilder();
        for (String event : data) {
            text.append(new ObjectMapper().readTree(event).at("/choices/0/text").textValue());
        }
        assertThat(text).hasToString(whole);
        assertThat(data.size()).isGreaterThan(5);
    }

    @Test
    void aClientThatGoesFreesItsPlace() throws IOException {
        String body = "{\"prompt\":\"x\",\"max_tokens\":1000000,\"ignore_eos\":true,\"stream\":%s}";
        for (boolean stream : new boolean[] {true, false}) {
            try (Socket socket = new Socket(address.getHost(), address.getPort())) {
                String json = body.formatted(stream);
                send(socket, "Content-Length: " + json.length() + "\r\n\r\n" + json);
                await().until(() -> active() == 1);
            }
            await().until(() -> active() == 0);
        }
    }

    @ParameterizedTest(name = "{1}: {0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | 400 | prompt | prompt is missing",
                "[] | 400 | body | body must be a JSON object",
                "no json | 400 | body | body is not JSON",
                "{\"prompt\":\"\"} | 400 | prompt | is empty",
                "{\"prompt\":[]} | 400 | prompt | prompt is empty",
                "{\"prompt\":{}} | 400 | prompt | must be a list",
                "{\"prompt\":[300]} | 400 | prompt | is not in the vocabulary",
                "{\"prompt\":\"a\\u0000\"} | 400 | prompt | NUL character at 1",
                "{\"prompt\":\"a\\ud800\"} | 400 | prompt | unpaired surrogate",
                "{\"prompt\":\"x\",\"temperature\":-1} | 400 | temperature | from 0 to 100",
                "{\"prompt\":\"x\",\"temperature\":\"hot\"} | 400 | temperature | must be a number",
                "{\"prompt\":\"x\",\"temperature\":1e99} | 400 | temperature | from 0 to 100",
                "{\"prompt\":\"x\",\"temperature\":NaN} | 400 | body | not JSON",
                "{\"prompt\":\"x\",\"seed\":-1} | 400 | seed | from 0",
                "{\"prompt\":\"x\",\"n\":1000000} | 400 | n | from 1 to 16",
                "{\"prompt\":\"x\",\"n\":1e12} | 400 | n | an integer",
                "{\"prompt\":\"x\",\"max_tokens\":0} | 400 | max_tokens | at least 1",
                "{\"prompt\":\"x\",\"min_tokens\":17} | 400 | min_tokens | from 0 to max_tokens=16",
                "{\"prompt\":\"x\",\"logprobs\":6} | 400 | logprobs | from 0 to 5",
                "{\"prompt\":\"x\",\"top_k\":-2} | 400 | top_k | from 0 to 1000000",
                "{\"prompt\":\"x\",\"top_k\":-5} | 400 | top_k | top_k=-5 must be",
                "{\"prompt\":\"x\",\"top_k\":-1.5} | 400 | top_k | an integer",
                "{\"prompt\":\"x\",\"top_k\":1000001} | 400 | top_k | top_k=1000001 must be from 0 to 1000000",
                "{\"prompt\":\"x\",\"logit_bias\":{\"a\":1}} | 400 | logit_bias | must be a token id",
                "{\"prompt\":\"x\",\"stop\":[1]} | 400 | stop | a text",
                "{\"prompt\":\"x\",\"best_of\":4} | 400 | best_of | not supported",
                "{\"prompt\":\"x\",\"suffix\":\"y\"} | 400 | suffix | not supported",
                "{\"prompt\":\"x\",\"temperature\":-1e99} | 400 | temperature | from 0 to 100",
                "{\"prompt\":\"x\",\"temperature\":101} | 400 | temperature | temperature=101 must be from 0 to 100",
                "{\"prompt\":\"x\",\"top_p\":0} | 400 | top_p | greater than 0",
                "{\"prompt\":\"x\",\"top_p\":1e99} | 400 | top_p | at most 1",
                "{\"prompt\":\"x\",\"top_k\":1.5} | 400 | top_k | an integer",
                "{\"prompt\":\"x\",\"top_k\":3000000000} | 400 | top_k | an integer of 32 bits",
                "{\"prompt\":\"x\",\"min_p\":-1} | 400 | min_p | from 0 to 1",
                "{\"prompt\":\"x\",\"typical_p\":0} | 400 | typical_p | greater than 0",
                "{\"prompt\":\"x\",\"repetition_penalty\":0} | 400 | repetition_penalty | greater than 0",
                "{\"prompt\":\"x\",\"repetition_penalty\":101} | 400 | repetition_penalty | at most 100",
                "{\"prompt\":\"x\",\"repetition_window\":-1} | 400 | repetition_window | from 0 to 1000000",
                "{\"prompt\":\"x\",\"repetition_window\":1000001} | 400 | repetition_window | from 0 to 1000000",
                "{\"prompt\":\"x\",\"presence_penalty\":3} | 400 | presence_penalty | from -2 to 2",
                "{\"prompt\":\"x\",\"frequency_penalty\":-1e99} | 400 | frequency_penalty | from -2 to 2",
                "{\"prompt\":\"x\",\"logit_bias\":{\"1\":101}} | 400 | logit_bias | from -100 to 100",
                "{\"prompt\":\"x\",\"logit_bias\":{\"300\":1}} | 400 | logit_bias | not in the vocabulary",
                "{\"prompt\":\"x\",\"logit_bias\":{\"1\":\"a\"}} | 400 | logit_bias | a number",
                "{\"prompt\":\"x\",\"logit_bias\":[1]} | 400 | logit_bias | an object",
                "{\"prompt\":\"x\",\"seed\":1.5} | 400 | seed | an integer",
                "{\"prompt\":\"x\",\"seed\":1e30} | 400 | seed | an integer",
                "{\"prompt\":\"x\",\"n\":0} | 400 | n | from 1 to 16",
                "{\"prompt\":\"x\",\"n\":-1} | 400 | n | from 1 to 16",
                "{\"prompt\":\"x\",\"logprobs\":\"x\"} | 400 | logprobs | an integer",
                "{\"prompt\":\"x\",\"logprobs\":-1} | 400 | logprobs | from 0 to 5",
                "{\"prompt\":\"x\",\"max_tokens\":1000001} | 400 | max_tokens | at most 1000000",
                "{\"prompt\":\"x\",\"max_tokens\":-1} | 400 | max_tokens | at least 1",
                "{\"prompt\":\"x\",\"min_tokens\":-1} | 400 | min_tokens | from 0",
                "{\"prompt\":\"x\",\"time_limit_ms\":0} | 400 | time_limit_ms | from 1 to 86400000",
                "{\"prompt\":\"x\",\"time_limit_ms\":86400001} | 400 | time_limit_ms | from 1 to 86400000",
                "{\"prompt\":\"x\",\"stop\":[\"\"]} | 400 | stop | is empty",
                "{\"prompt\":\"x\",\"stop\":\"a\\u0000\"} | 400 | stop | NUL character at 1",
                "{\"prompt\":\"x\",\"stop_token_ids\":[300]} | 400 | stop_token_ids | not in the vocabulary",
                "{\"prompt\":\"x\",\"stop_token_ids\":[1.5]} | 400 | stop_token_ids | an integer",
                "{\"prompt\":\"x\",\"stop_token_ids\":1} | 400 | stop_token_ids | a list",
                "{\"prompt\":\"x\",\"stream\":\"yes\"} | 400 | stream | true or false",
                "{\"prompt\":\"x\",\"stream_options\":{\"include_usage\":1}} | 400 | stream_options.include_usage |"
                        + " true or false",
                "{\"prompt\":\"x\",\"echo\":1} | 400 | echo | true or false",
                "{\"prompt\":\"x\",\"ignore_eos\":1} | 400 | ignore_eos | true or false",
                "{\"prompt\":\"x\",\"include_stop_str_in_output\":1} | 400 | include_stop_str_in_output | true or"
                        + " false",
                "{\"prompt\":\"x\",\"truncate_prompt\":1} | 400 | truncate_prompt | true or false",
                "{\"prompt\":\"x\",\"request_id\":1} | 400 | request_id | a text",
                "{\"prompt\":\"x\",\"user\":1} | 400 | user | a text",
                "{\"prompt\":\"x\",\"user\":\"\"} | 400 | user | 1 to 128",
                "{\"prompt\":\"x\",\"model\":5} | 400 | model | a text",
                "{\"prompt\":\"x\",\"model\":\"gpt-4\"} | 404 | model | not served here"
            })
    void refusalsNameTheField(String body, int status, String param, String message) {
        post(body)
                .statusCode(status)
                .body("error.type", equalTo("invalid_request_error"))
                .body("error.param", equalTo(param))
                .body("error.message", containsString(message));
        assertThat(active()).isZero();
    }

    @Test
    void longBodiesAndBytesThatAreNoTextAreRefused() throws IOException {
        post("{\"prompt\":\"" + "x".repeat(10_000_000) + "\"}")
                .statusCode(400)
                .body("error.param", equalTo("prompt"))
                .body("error.message", containsString("10000000 characters"));
        // Refused by its stated length, before it is sent.
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            send(socket, "Content-Length: 17000000\r\n\r\n");
            assertThat(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                            .readLine())
                    .contains(" 413 ");
        }
        given().contentType("application/json")
                .body(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'})
                .post("/v1/completions")
                .then()
                .statusCode(400)
                .body("error.message", containsString("not UTF-8"));
        String stops = "\"x\",".repeat(9_999) + "\"x\"";
        post("{\"prompt\":\"x\",\"stop\":[" + stops + "]}")
                .statusCode(400)
                .body("error.param", equalTo("stop"))
                .body("error.message", containsString("10000 strings"));
    }

    @Test
    void namesOfClientsAreBounded() {
        given().header("X-Client-Id", "x".repeat(129))
                .body("{\"prompt\":\"x\"}")
                .post("/v1/completions")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("x-client-id"))
                .body("error.message", containsString("129 characters, 1 to 128"));
        post("{\"prompt\":\"x\",\"request_id\":\"" + "x".repeat(257) + "\"}")
                .statusCode(400)
                .body("error.param", equalTo("request_id"));
    }

    @Test
    void whoFindsNoPlaceIsToldWhenToComeAgain() throws IOException {
        String endless = """
            {"prompt":"x","max_tokens":1000000,"ignore_eos":true,"n":16,"user":"greedy"}\
            """;
        List<Socket> clients = new ArrayList<>();
        // What runs, and what waits of one client.
        for (int i = 0; i < 3; i++) {
            Socket socket = new Socket(address.getHost(), address.getPort());
            send(socket, "Content-Length: " + endless.length() + "\r\n\r\n" + endless);
            clients.add(socket);
        }
        await().until(() -> active() == 48);
        post(endless)
                .statusCode(429)
                .header("Retry-After", matchesPattern("[1-9][0-9]?"))
                .body("error.type", equalTo("rate_limit_error"))
                .body("error.message", containsString("try again later"));
        for (Socket socket : clients) {
            socket.close();
        }
        await().until(() -> active() == 0);
    }

    @Test
    void topKOfMinusOneIsAll() {
        post("{\"prompt\":\"x\",\"top_k\":-1,\"max_tokens\":1}").statusCode(200);
    }

    @Test
    void listsAndDescribesTheModel() {
        given().get("/v1/models")
                .then()
                .statusCode(200)
                .body("object", equalTo("list"))
                .body("data[0].id", equalTo("default"))
                .body("data[0].object", equalTo("model"))
                .body("data[0].version", equalTo(served.version()))
                .body("data[0].max_model_len", equalTo(32));
        given().get("/v1/models/default").then().statusCode(200).body("id", equalTo("default"));
        given().get("/v1/models/other").then().statusCode(404).body("error.code", equalTo("model_not_found"));
        given().get("/v1/chat").then().statusCode(404).body("error.code", equalTo("unknown_url"));
    }

    private static void send(Socket socket, String rest) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\n" + rest).getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static ValidatableResponse post(String body) {
        return given().contentType("application/json")
                .body(body)
                .post("/v1/completions")
                .then();
    }
}
