import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Sends GET requests with Java's HttpClient; see README.md. Arguments: proxy host and port, version, URLs. */
public class JavaClient {
    public static void main(String[] arguments) throws Exception {
        InetSocketAddress proxy = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        HttpClient client = HttpClient.newBuilder()
                .proxy(ProxySelector.of(proxy))
                .version(HttpClient.Version.valueOf(arguments[2]))
                .connectTimeout(Duration.ofSeconds(20))
                .build();
        for (int at = 3; at < arguments.length; at++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[at]))
                    .header("Accept", "application/json")
                    .timeout(Duration.ofSeconds(20))
                    .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(response.version() + " " + response.statusCode() + " " + response.body());
        }
    }
}
