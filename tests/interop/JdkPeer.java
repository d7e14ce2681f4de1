// SPDX-License-Identifier: BSD-2-Clause
//
// The JDK's own GSSAPI mechanism as a client or a server of the peers' protocol, for several logins
// in one run, since starting the Java machine takes most of the time. What it prints has the words of
// sasl_peer; a line "=== N" begins login N, from 1.
//
//   java JdkPeer.java client HOST PORT LOGIN...   LOGIN = QOP[/OPTION=VALUE...]
//   java JdkPeer.java server PORT-FILE LOGIN...
//
// QOP is auth, auth-int, auth-conf, or several with commas, the preferred one first. Options:
// mutual=true|false, default (the JDK's own is false; false here means that the property is not
// set at all), maxbuf=N, len=N (how many bytes a client sends). The Kerberos files are those of
// KRB5_CONFIG, KRB5CCNAME and KRB5_KTNAME. Exit status: 0 all logged in and got their bytes back,
// 1 not so, 2 it could not start.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;

public class JdkPeer {
  static final String MECHANISM = "GSSAPI";
  static final String SERVICE = "imap";
  static final String HOST = "localhost";
  static final int TIMEOUT_MS = 20_000;
  static final int MAX_LEN = 1 << 26; // how much the peer can make us allocate

  // ---- What one login asks for

  record Login(Map<String, String> properties, int len) {
    static Login parse(String text) {
      String[] parts = text.split("/");
      Map<String, String> properties = new TreeMap<>();
      properties.put(Sasl.QOP, parts[0]);
      int len = 200_000;
      for (String option : Arrays.copyOfRange(parts, 1, parts.length)) {
        String value = option.substring(option.indexOf('=') + 1);
        if (option.startsWith("mutual=")) {
          if (value.equals("true")) properties.put(Sasl.SERVER_AUTH, value);
        } else if (option.startsWith("maxbuf=")) {
          properties.put(Sasl.MAX_BUFFER, value);
        } else if (option.startsWith("len=")) {
          len = Integer.parseInt(value);
        } else {
          throw new IllegalArgumentException(option);
        }
      }
      return new Login(properties, len);
    }
  }

  // ---- The peers' frames (tests/support/wire.h)

  record Frame(char kind, byte[] body) {}

  static void send(DataOutputStream out, char kind, byte[] body) throws IOException {
    out.writeInt(body.length);
    out.writeByte(kind);
    out.write(body);
    out.flush();
  }

  static Frame receive(DataInputStream in) throws IOException {
    int len = in.readInt();
    char kind = (char) in.readByte();
    return new Frame(kind, readBody(in, len));
  }

  static byte[] readBody(DataInputStream in, int len) throws IOException {
    if (len < 0 || len > MAX_LEN) throw new IOException("a length of " + len);
    byte[] body = new byte[len];
    in.readFully(body);
    return body;
  }

  // '0', or '1' and the token.
  static byte[] optional(byte[] token) {
    if (token == null) return new byte[] {'0'};
    byte[] all = new byte[token.length + 1];
    all[0] = '1';
    System.arraycopy(token, 0, all, 1, token.length);
    return all;
  }

  static byte[] fromOptional(byte[] all, int begin) {
    return all.length > begin && all[begin] == '1'
        ? Arrays.copyOfRange(all, begin + 1, all.length)
        : null;
  }

  // ---- The security layer

  interface Transform {
    byte[] apply(byte[] bytes, int offset, int len) throws SaslException;
  }

  // Messages under the layer, as tests/support/wire.h has them: 4 octets of length and the body,
  // cut into packets of the layer, which have 4 octets of length each (RFC 4422 section 3.7).
  static class Layer {
    final DataInputStream in;
    final DataOutputStream out;
    final boolean isProtected;
    final int maxPieceLen;
    final int maxPacketLen;
    final Transform wrap;
    final Transform unwrap;
    byte[] received = new byte[0];
    int numUsed = 0;

    Layer(DataInputStream in, DataOutputStream out, Map<String, Object> negotiated, Transform wrap,
        Transform unwrap) {
      this.in = in;
      this.out = out;
      this.wrap = wrap;
      this.unwrap = unwrap;
      isProtected = !"auth".equals(negotiated.get(Sasl.QOP));
      maxPieceLen = isProtected ? number(negotiated, Sasl.RAW_SEND_SIZE) : MAX_LEN;
      maxPacketLen = isProtected ? number(negotiated, Sasl.MAX_BUFFER) : 0;
    }

    static int number(Map<String, Object> negotiated, String name) {
      return Integer.parseInt((String) negotiated.get(name));
    }

    void send(byte[] body) throws IOException {
      byte[] message = new byte[4 + body.length];
      for (int i = 0; i < 4; ++i) message[i] = (byte) (body.length >> (8 * (3 - i)));
      System.arraycopy(body, 0, message, 4, body.length);
      for (int begin = 0; begin < message.length; begin += maxPieceLen) {
        int len = Math.min(maxPieceLen, message.length - begin);
        if (isProtected) {
          byte[] packet = wrap.apply(message, begin, len);
          out.writeInt(packet.length);
          out.write(packet);
        } else {
          out.write(message, begin, len);
        }
      }
      out.flush();
    }

    byte[] receive() throws IOException {
      byte[] prefix = take(4);
      int len = 0;
      for (byte octet : prefix) len = len << 8 | (octet & 0xff);
      if (len < 0 || len > MAX_LEN) throw new IOException("a message of " + len + " bytes");
      return take(len);
    }

    byte[] take(int len) throws IOException {
      if (!isProtected) return readBody(in, len);
      byte[] taken = new byte[len];
      for (int i = 0; i < len; ) {
        if (numUsed == received.length) fill();
        int part = Math.min(len - i, received.length - numUsed);
        System.arraycopy(received, numUsed, taken, i, part);
        numUsed += part;
        i += part;
      }
      return taken;
    }

    void fill() throws IOException {
      int len = in.readInt();
      if (len > maxPacketLen) throw new IOException(len + " bytes in a packet of " + maxPacketLen);
      byte[] packet = readBody(in, len);
      received = unwrap.apply(packet, 0, packet.length);
      numUsed = 0;
    }

    String text(Map<String, Object> negotiated) {
      return negotiated.get(Sasl.QOP)
          + (isProtected ? ", rawsendsize " + negotiated.get(Sasl.RAW_SEND_SIZE) : "");
    }
  }

  static Map<String, Object> negotiated(java.util.function.Function<String, Object> property) {
    Map<String, Object> all = new HashMap<>();
    for (String name : new String[] {Sasl.QOP, Sasl.RAW_SEND_SIZE, Sasl.MAX_BUFFER}) {
      all.put(name, property.apply(name));
    }
    return all;
  }

  // ---- Client

  static byte[] pattern(int len) {
    byte[] bytes = new byte[len];
    for (int i = 0; i < len; ++i) bytes[i] = (byte) (i * 0x9E3779B1 >>> 16);
    return bytes;
  }

  static void logIn(Socket socket, Login login) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    receive(in);
    SaslClient client =
        Sasl.createSaslClient(
            new String[] {MECHANISM}, null, SERVICE, HOST, login.properties(), null);
    byte[] initial = client.hasInitialResponse() ? client.evaluateChallenge(new byte[0]) : null;
    byte[] rest = optional(initial);
    byte[] start = (MECHANISM + "\0").getBytes(StandardCharsets.UTF_8);
    byte[] message = Arrays.copyOf(start, start.length + rest.length);
    System.arraycopy(rest, 0, message, start.length, rest.length);
    send(out, 'S', message);
    for (;;) {
      Frame frame = receive(in);
      if (frame.kind() == 'N') throw new SaslException("the server says: " + text(frame.body()));
      byte[] token = frame.kind() == 'Y' ? fromOptional(frame.body(), 0) : frame.body();
      byte[] answer = token == null ? null : client.evaluateChallenge(token);
      if (frame.kind() == 'Y') break;
      send(out, 'R', answer == null ? new byte[0] : answer);
    }
    if (!client.isComplete()) throw new SaslException("success before the mechanism is done");
    System.out.println("jdk     LOGGED IN");
    Map<String, Object> negotiated = negotiated(client::getNegotiatedProperty);
    Layer layer = new Layer(in, out, negotiated, client::wrap, client::unwrap);
    byte[] sent = pattern(login.len());
    layer.send(sent);
    if (!Arrays.equals(sent, layer.receive())) throw new IOException("other bytes came back");
    System.out.printf("jdk     LAYER %s: %d bytes there and back%n", layer.text(negotiated),
        sent.length);
    client.dispose();
  }

  static boolean runClient(String host, int port, Login[] logins) {
    boolean areAllIn = true;
    for (int i = 0; i < logins.length; ++i) {
      System.out.println("=== " + (i + 1));
      try (Socket socket = new Socket(host, port)) {
        socket.setSoTimeout(TIMEOUT_MS);
        logIn(socket, logins[i]);
      } catch (IOException e) {
        areAllIn = fail(e);
      }
    }
    return areAllIn;
  }

  // ---- Server

  static void authorize(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (!(callback instanceof AuthorizeCallback question)) {
        throw new UnsupportedCallbackException(callback);
      }
      System.out.println("jdk       authid  " + question.getAuthenticationID());
      System.out.println("jdk       authzid " + question.getAuthorizationID());
      question.setAuthorized(true);
    }
  }

  static void serve(Socket socket, Login login) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    SaslServer server =
        Sasl.createSaslServer(MECHANISM, SERVICE, HOST, login.properties(), JdkPeer::authorize);
    send(out, 'M', MECHANISM.getBytes(StandardCharsets.UTF_8));
    byte[] start = receive(in).body();
    int nul = MECHANISM.length();
    byte[] input = fromOptional(start, nul + 1);
    byte[] output;
    try {
      output = server.evaluateResponse(input == null ? new byte[0] : input);
      while (!server.isComplete()) {
        send(out, 'C', output == null ? new byte[0] : output);
        output = server.evaluateResponse(receive(in).body());
      }
    } catch (SaslException e) {
      send(out, 'N', "refused".getBytes(StandardCharsets.UTF_8));
      throw e;
    }
    System.out.println("jdk     LOGGED IN");
    send(out, 'Y', optional(output));
    Map<String, Object> negotiated = negotiated(server::getNegotiatedProperty);
    Layer layer = new Layer(in, out, negotiated, server::wrap, server::unwrap);
    try {
      byte[] message = layer.receive();
      layer.send(message);
      System.out.printf("jdk     LAYER %s: %d bytes sent back%n", layer.text(negotiated),
          message.length);
    } catch (EOFException e) {
      System.out.println("jdk       the peer sends nothing");
    }
    server.dispose();
  }

  static boolean runServer(Path portFile, Login[] logins) throws IOException {
    boolean areAllIn = true;
    try (ServerSocket listener = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      // Under another name first: the program that waits for the file must not read half a number.
      Path unfinished = Path.of(portFile + ".new");
      Files.writeString(unfinished, listener.getLocalPort() + "\n");
      Files.move(unfinished, portFile, StandardCopyOption.ATOMIC_MOVE);
      for (int i = 0; i < logins.length; ++i) {
        try (Socket socket = listener.accept()) {
          System.out.println("=== " + (i + 1));
          socket.setSoTimeout(TIMEOUT_MS);
          serve(socket, logins[i]);
        } catch (IOException e) {
          areAllIn = fail(e);
        }
      }
    }
    return areAllIn;
  }

  // ---- The process

  static boolean fail(Exception e) {
    StringBuilder why = new StringBuilder("jdk     NOT LOGGED IN: " + e);
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      why.append(" <- ").append(cause);
    }
    System.out.println(why);
    return false;
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static String fileOf(String variable) {
    String value = System.getenv(variable);
    return value.startsWith("FILE:") ? value.substring("FILE:".length()) : value;
  }

  // What a jaas.conf says elsewhere: the tickets and keys are where MIT's variables say.
  static class FromEnvironment extends Configuration {
    @Override
    public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
      Map<String, String> options = new HashMap<>();
      if (name.endsWith("accept")) {
        options.putAll(Map.of("useKeyTab", "true", "storeKey", "true", "isInitiator", "false",
            "principal", "*", "keyTab", fileOf("KRB5_KTNAME")));
      } else {
        options.putAll(Map.of("useTicketCache", "true", "doNotPrompt", "true", "ticketCache",
            fileOf("KRB5CCNAME")));
      }
      return new AppConfigurationEntry[] {
        new AppConfigurationEntry("com.sun.security.auth.module.Krb5LoginModule",
            LoginModuleControlFlag.REQUIRED, options)
      };
    }
  }

  static Login[] logins(String[] args, int begin) {
    return Arrays.stream(args, begin, args.length).map(Login::parse).toArray(Login[]::new);
  }

  public static void main(String[] args) throws Exception {
    System.setProperty("java.security.krb5.conf", System.getenv("KRB5_CONFIG"));
    System.setProperty("javax.security.auth.useSubjectCredsOnly", "false");
    System.setProperty("sun.security.krb5.disableReferrals", "true");
    Configuration.setConfiguration(new FromEnvironment());
    boolean areAllIn;
    if (args.length > 3 && args[0].equals("client")) {
      areAllIn = runClient(args[1], Integer.parseInt(args[2]), logins(args, 3));
    } else if (args.length > 2 && args[0].equals("server")) {
      areAllIn = runServer(Path.of(args[1]), logins(args, 2));
    } else {
      System.err.println("JdkPeer: wrong arguments; its first lines say which are right");
      System.exit(2);
      return;
    }
    System.exit(areAllIn ? 0 : 1);
  }
}
