//! A mail server of one test: real SMTP over real sockets, with or without TLS, that keeps what it is given, and that
//! misbehaves when it is told to.

use std::{collections::VecDeque, io, net::SocketAddr, path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

use crate::must;

/// The user that a server with [`Rules::login`] lets in.
pub const USER: &str = "robot@example.com";

/// Its password.
pub const PASSWORD: &str = "p@ss w:rd/%";

/// The two in the user part of a URL.
pub const USER_INFO: &str = "robot%40example.com:p%40ss%20w%3Ard%2F%25";

/// When connections are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Never; STARTTLS is not offered.
    #[default]
    Never,
    /// By STARTTLS; without it no mail is taken.
    Starttls,
    /// From the first byte.
    Implicit,
}

/// What goes wrong in one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The greeting has this code, and the connection ends.
    Greeting(u16),
    /// The recipient is refused with this code, and words that repeat the address.
    Recipient(u16),
    /// The message is refused with this code after it was sent.
    Message(u16),
    /// The connection ends within the message.
    DroppedMessage,
    /// Nothing is ever said.
    Silence,
    /// Nothing is said after the message, until [`SmtpServer::go_on`].
    WaitAfterMessage,
}

/// How a server behaves.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// When connections are encrypted.
    pub tls: Tls,
    /// Whether [`USER`] must log in, and by which mechanism, `PLAIN` or `LOGIN`.
    pub login: Option<&'static str>,
    /// What goes wrong in the first connections, one each.
    pub faults: Vec<Fault>,
    /// What goes wrong in all the others.
    pub afterwards: Option<Fault>,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body as they came, with the dots that the protocol doubles undone.
    pub data: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// Who sent it, if anybody logged in.
    pub user: Option<String>,
}

/// A running server. It ends with the test's runtime.
pub struct SmtpServer {
    address: SocketAddr,
    rules: Rules,
    files: TempDir,
    state: Arc<watch::Sender<State>>,
}

#[derive(Default)]
struct State {
    connections: usize,
    received: Vec<Received>,
    /// Every line that a client sent unencrypted.
    plaintext: String,
    may_go_on: bool,
}

impl SmtpServer {
    /// Starts a server at `127.0.0.1`, with a certificate of its own authority.
    ///
    /// # Panics
    /// If there is no free port on loopback.
    pub async fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let files = tempfile::tempdir().expect("a temporary directory");
        let (acceptor, authority) = certificate();
        std::fs::write(files.path().join("ca.pem"), authority).expect("a file");
        let state = Arc::new(watch::Sender::new(State::default()));
        let server = Self { address, rules: rules.clone(), files, state: Arc::clone(&state) };
        let mut faults = VecDeque::from(rules.faults.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.send_modify(|state| state.connections += 1);
                let session = Session {
                    state: Arc::clone(&state),
                    fault: faults.pop_front().or(rules.afterwards),
                    rules: rules.clone(),
                    encrypted: false,
                    user: None,
                };
                let acceptor = acceptor.clone();
                // A client that leaves, or does not trust the certificate, is no event of ours.
                tokio::spawn(async move { session.serve(stream, acceptor).await.unwrap_or_default() });
            }
        });
        server
    }

    /// A URL of the server, by the scheme that it speaks, with [`USER_INFO`] if it asks for a login, and with this
    /// query, such as `?tls=required`, if any.
    pub fn url(&self, query: &str) -> String {
        let scheme = if self.rules.tls == Tls::Implicit { "smtps" } else { "smtp" };
        let login = self.rules.login.map(|_| format!("{USER_INFO}@")).unwrap_or_default();
        format!("{scheme}://{login}{}{query}", self.address)
    }

    /// A file with the authority's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.files.path().join("ca.pem")
    }

    /// Waits for so many messages, and gives all that there are.
    pub async fn received(&self, count: usize) -> Vec<Received> {
        self.until("the mail", |state| state.received.len() >= count, |state| state.received.clone()).await
    }

    /// Waits until so many connections were accepted, and says how many there are.
    pub async fn connections(&self, count: usize) -> usize {
        self.until("the connection", |state| state.connections >= count, |state| state.connections).await
    }

    /// The messages so far.
    pub fn received_so_far(&self) -> Vec<Received> {
        self.state.borrow().received.clone()
    }

    /// The connections so far.
    pub fn connections_so_far(&self) -> usize {
        self.state.borrow().connections
    }

    /// What clients sent unencrypted so far.
    pub fn plaintext(&self) -> String {
        self.state.borrow().plaintext.clone()
    }

    /// Ends every [`Fault::WaitAfterMessage`], now and later.
    pub fn go_on(&self) {
        self.state.send_modify(|state| state.may_go_on = true);
    }

    async fn until<T>(&self, what: &str, is_so: impl Fn(&State) -> bool, take: impl Fn(&State) -> T) -> T {
        let mut watching = self.state.subscribe();
        let state = must(what, watching.wait_for(|state| is_so(state))).await.expect("the server runs");
        take(&state)
    }
}

impl Received {
    /// The value of a header, as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.data.split_once("\r\n\r\n")?;
        let mut fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body, decoded from quoted-printable (RFC 2045, 6.7), with `\n` at the ends of lines.
    ///
    /// # Panics
    /// If it is encoded otherwise, or is no UTF-8.
    pub fn text(&self) -> String {
        assert_eq!(self.header("Content-Transfer-Encoding"), Some("quoted-printable"), "{}", self.data);
        let (_, body) = self.data.split_once("\r\n\r\n").expect("a body");
        let joined = body.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let [first, others @ ..] = rest {
            rest = others;
            if let (b'=', [high, low, others @ ..]) = (first, others) {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
                rest = others;
            } else {
                bytes.push(*first);
            }
        }
        String::from_utf8(bytes).expect("the text is UTF-8").replace("\r\n", "\n")
    }

    /// The one line of the body that is nothing but digits.
    ///
    /// # Panics
    /// If there is not exactly one.
    pub fn code(&self) -> String {
        let text = self.text();
        let is_code = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
        let codes: Vec<_> = text.lines().filter(is_code).collect();
        let [code] = codes.as_slice() else { panic!("{} codes in\n{text}", codes.len()) };
        (*code).to_owned()
    }
}

/// A certificate for `127.0.0.1` and `localhost`, and its authority as PEM.
fn certificate() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are right");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let names = ["127.0.0.1", "localhost"].map(str::to_owned);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names).expect("the names are right").signed_by(&key, &authority).expect("signed");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the usual versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("key and certificate fit");
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

/// One connection.
struct Session {
    state: Arc<watch::Sender<State>>,
    rules: Rules,
    fault: Option<Fault>,
    encrypted: bool,
    user: Option<String>,
}

/// Why the conversation stopped.
enum End {
    Closed,
    Starttls,
}

/// A stream, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Session {
    async fn serve(mut self, stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<()> {
        if self.fault == Some(Fault::Silence) {
            // The stream is kept, and so the connection stays open.
            std::future::pending::<()>().await;
        }
        if self.rules.tls == Tls::Implicit {
            self.encrypted = true;
            let stream = acceptor.accept(stream).await?;
            return self.talk(&mut BufReader::new(stream), true).await.map(drop);
        }
        let mut plain = BufReader::new(stream);
        if let End::Starttls = self.talk(&mut plain, true).await? {
            self.encrypted = true;
            let stream = acceptor.accept(plain.into_inner()).await?;
            self.talk(&mut BufReader::new(stream), false).await?;
        }
        Ok(())
    }

    async fn talk<S: Stream>(&mut self, stream: &mut BufReader<S>, greets: bool) -> io::Result<End> {
        if let Some(Fault::Greeting(code)) = self.fault {
            say(stream, &format!("{code} not now")).await?;
            return Ok(End::Closed);
        }
        if greets {
            say(stream, "220 mail.test ESMTP").await?;
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let Some(line) = self.hear(stream).await? else { return Ok(End::Closed) };
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => say(stream, &self.offers()).await?,
                "STARTTLS" if self.rules.tls == Tls::Starttls && !self.encrypted => {
                    say(stream, "220 go ahead").await?;
                    return Ok(End::Starttls);
                }
                "AUTH" if self.rules.login.is_some() => self.log_in(stream, argument).await?,
                "MAIL" if self.rules.tls != Tls::Never && !self.encrypted => {
                    say(stream, "530 5.7.0 STARTTLS first").await?;
                }
                "MAIL" if self.rules.login.is_some() && self.user.is_none() => {
                    say(stream, "530 5.7.0 log in first").await?;
                }
                "MAIL" => {
                    (from, to) = (path(argument), Vec::new());
                    say(stream, "250 ok").await?;
                }
                "RCPT" => match self.fault {
                    Some(Fault::Recipient(code)) => {
                        let class = code / 100;
                        say(stream, &format!("{code} {class}.1.1 <{}>: no", path(argument))).await?;
                    }
                    _ => {
                        to.push(path(argument));
                        say(stream, "250 ok").await?;
                    }
                },
                "DATA" => {
                    say(stream, "354 go ahead").await?;
                    if self.fault == Some(Fault::DroppedMessage) {
                        self.hear(stream).await?;
                        return Ok(End::Closed);
                    }
                    let Some(data) = self.hear_message(stream).await? else { return Ok(End::Closed) };
                    self.take(
                        stream,
                        Received {
                            from: std::mem::take(&mut from),
                            to: std::mem::take(&mut to),
                            data,
                            encrypted: self.encrypted,
                            user: self.user.clone(),
                        },
                    )
                    .await?;
                }
                "NOOP" | "RSET" => say(stream, "250 ok").await?,
                "QUIT" => {
                    say(stream, "221 bye").await?;
                    return Ok(End::Closed);
                }
                _ => say(stream, "502 5.5.1 unknown").await?,
            }
        }
    }

    fn offers(&self) -> String {
        let starttls = self.rules.tls == Tls::Starttls && !self.encrypted;
        let mut lines = vec!["mail.test".to_owned(), "8BITMIME".to_owned(), "ENHANCEDSTATUSCODES".to_owned()];
        lines.extend(starttls.then(|| "STARTTLS".to_owned()));
        lines.extend(self.rules.login.map(|mechanism| format!("AUTH {mechanism}")));
        let last = lines.len() - 1;
        let line = |(index, line): (usize, &String)| format!("250{}{line}", if index == last { ' ' } else { '-' });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    async fn log_in<S: Stream>(&mut self, stream: &mut BufReader<S>, argument: &str) -> io::Result<()> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let given = match mechanism {
            "PLAIN" => {
                let decoded = decode(initial);
                let mut parts = decoded.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let mut answers = Vec::new();
                for question in ["Username:", "Password:"] {
                    say(stream, &format!("334 {}", STANDARD.encode(question))).await?;
                    answers.push(decode(&self.hear(stream).await?.unwrap_or_default()));
                }
                (answers.swap_remove(0), answers.swap_remove(0))
            }
            _ => return say(stream, "504 5.5.4 unknown mechanism").await,
        };
        if Some(mechanism) == self.rules.login && given == (USER.to_owned(), PASSWORD.to_owned()) {
            self.user = Some(given.0);
            return say(stream, "235 2.7.0 welcome").await;
        }
        say(stream, "535 5.7.8 wrong").await
    }

    async fn take<S: Stream>(&self, stream: &mut BufReader<S>, message: Received) -> io::Result<()> {
        if let Some(Fault::Message(code)) = self.fault {
            return say(stream, &format!("{code} {}.3.0 no", code / 100)).await;
        }
        if self.fault == Some(Fault::WaitAfterMessage) {
            let mut watching = self.state.subscribe();
            watching.wait_for(|state| state.may_go_on).await.expect("the session holds the sender");
        }
        self.state.send_modify(|state| state.received.push(message));
        say(stream, "250 2.0.0 taken").await
    }

    /// A line without its end, or `None` at the end of the connection.
    async fn hear<S: Stream>(&self, stream: &mut BufReader<S>) -> io::Result<Option<String>> {
        let mut line = String::new();
        let length = stream.read_line(&mut line).await?;
        if !self.encrypted {
            self.state.send_modify(|state| state.plaintext.push_str(&line));
        }
        Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A message up to the line with its one dot, or `None` where the connection ends before it.
    async fn hear_message<S: Stream>(&self, stream: &mut BufReader<S>) -> io::Result<Option<String>> {
        let mut data = String::new();
        while let Some(line) = self.hear(stream).await? {
            if line == "." {
                return Ok(Some(data));
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        Ok(None)
    }
}

async fn say<S: Stream>(stream: &mut BufReader<S>, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// What stands between the angle brackets.
fn path(argument: &str) -> String {
    let inner = argument.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(path, _)| path.to_owned()).unwrap_or_default()
}

fn decode(text: &str) -> String {
    STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
