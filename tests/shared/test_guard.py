"""Outbound HTTP: what may not be called is not called, and nobody can hold or flood the caller."""

import asyncio
import gzip
import ipaddress
import resource
import socket
import ssl
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.guard import (
    MAX_BODY_BYTES,
    ForbiddenTargetError,
    GuardedClient,
    OwnFaultError,
    UnansweredError,
    check_url,
    guarded_session,
    is_allowed,
)
from tests.receivers import OK, FakeResolver, closed_port, receiver

FORBIDDEN_ADDRESSES = [
    "0.0.0.0",  # noqa: S104 -- an address to refuse; nothing binds it
    "0.1.2.3",
    "10.254.0.0",
    "100.64.0.1",
    "100.100.0.0",
    "100.100.100.200",
    "127.0.0.1",
    "127.254.254.254",
    "168.63.129.16",
    "169.254.45.1",
    "169.254.169.254",
    "172.16.10.65",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.3",
    "192.168.10.65",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "224.1.2.3",
    "240.240.240.240",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::c0a8:0",
    "64:ff9b:1::1",
    "100::1:2:3:4",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd7a:115c:a1e0::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf:ffff::",
    "fec0::1",
    "ff02::1",
]

PUBLIC_ADDRESSES = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.254",
    "100.128.0.1",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
]

FORBIDDEN_URLS = [
    "http://127.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://localhost/",
    "http://LocalHost/",
    "http://localhost./",
    "http://hook.localhost/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::1%25lo]/",
    "http://[fe80::1%25eth0]/",
    "https://@[::1]:9876/",
    "https://1:2@[::1]:9876/",
    "http://user:pw@127.0.0.1/",
    "http://user:pw@hook.example/",
    "http://@hook.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "http://[127.0.0.1]/",
    "http://[v1.x]/",
    "http://[v1.hook.example:1]/",
    "https://::1/",
    "http:///path",
    "http://",
    "http:hook.example",
    "http://hook.example:0/",
    "http://hook.example:91337/",
    "http://hook.example:-12/",
    "http://hook.example:http/",
    "//127.0.0.1/",
    "/hook",
    "",
    "http://127.0.0.1:5432/",
    "http:\\\\127.0.0.1\\",
    "http://hook.example\\@127.0.0.1/",
    "http://127.0.0.1#@hook.example/",
    "http://127.0.0.1?@hook.example/",
    "http://hook.example@127.0.0.1/",
    "http://hook.example/a b",
    "http://hook.example/a\r\nHost: x",
    " http://hook.example/",
    "http://ho\tok.example/",
    "http://-hook.example/",
    "http://hook..example/",
    "http://" + "a" * 64 + ".example/",
    "http://hook!.example/",
]

REDIRECTS = [301, 302, 303, 307, 308]

# For hook.example, signed by itself; made for these tests, and trusted by nobody.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIUEOvfgNR6+rNKt3ZBpbLERDNfz4YwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMaG9vay5leGFtcGxlMCAXDTI2MTEyNTE2NTcxMFoYDzIxMjYx
MTAxMTY1NzEwWjAXMRUwEwYDVQQDDAxob29rLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASLGk5Rpur/M1N7UHb75IYqDX2NH1Z7rwT6v0AV9VNy8zK4
O3UXHUKZIYZorS6s01tUFEKRu2AcmH9e1kFyQg2Jo2wwajAdBgNVHQ4EFgQU2Fmz
DHJrh9xtT8oB4GicWvqbtl4wHwYDVR0jBBgwFoAU2FmzDHJrh9xtT8oB4GicWvqb
tl4wDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxob29rLmV4YW1wbGUwCgYI
KoZIzj0EAwIDSAAwRQIhAN8D66ljU+L+VAywRQLEYZeCkh1UuvtFRzEtlXB16lP1
AiBynEuUWiaSpZx81UF4PO9NAPbshMJ+HHRisT9ibU2/cQ==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1S+xO+LpM0m/ZOPm
KUfCauCh+20m4PFz8edSwjJwGiGhRANCAASLGk5Rpur/M1N7UHb75IYqDX2NH1Z7
rwT6v0AV9VNy8zK4O3UXHUKZIYZorS6s01tUFEKRu2AcmH9e1kFyQg2J
-----END PRIVATE KEY-----
"""


def answer(status_line="HTTP/1.1 200 OK", *headers, body=b""):
    head = "\r\n".join([status_line, *headers, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


class TestAddresses:
    @pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
    def test_an_address_that_is_not_public_is_refused(self, address):
        assert not is_allowed(address, allow_loopback=False)

    @pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
    def test_a_public_address_is_allowed(self, address):
        assert is_allowed(address, allow_loopback=False)

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.9", "::1"])
    def test_loopback_is_allowed_where_the_profile_says_so(self, address):
        assert is_allowed(address, allow_loopback=True)

    @pytest.mark.parametrize("address", [a for a in FORBIDDEN_ADDRESSES if not a.startswith("127.") and a != "::1"])
    def test_allowing_loopback_allows_nothing_else(self, address):
        assert not is_allowed(address, allow_loopback=True)

    @pytest.mark.parametrize("text", ["", "127.1", "0x7f000001", "2130706433", "1.1.1", "hook.example", "1.1.1.01"])
    def test_what_is_no_address_in_its_usual_form_is_refused(self, text):
        assert not is_allowed(text, allow_loopback=True)

    @given(st.ip_addresses())
    def test_nothing_that_the_standard_library_calls_private_is_allowed(self, address):
        if not address.is_global or address.is_multicast or address.is_reserved:
            assert not is_allowed(address, allow_loopback=False)

    @given(
        st.ip_addresses(v=4),
        st.sampled_from(["::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "2001::"]),
    )
    def test_an_ipv4_address_inside_an_ipv6_address_is_never_allowed(self, inner, prefix):
        outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(inner))
        assert not is_allowed(outer, allow_loopback=False)

    @given(st.ip_addresses(v=4), st.integers(0, 2**80 - 1))
    def test_a_6to4_address_is_never_allowed(self, inner, rest):
        assert not is_allowed(ipaddress.IPv6Address((0x2002 << 112) | (int(inner) << 80) | rest), allow_loopback=False)


class TestUrls:
    @pytest.mark.parametrize("url", FORBIDDEN_URLS)
    def test_a_url_that_is_odd_or_names_the_host_is_refused(self, url):
        with pytest.raises(ForbiddenTargetError, match="the URL"):
            check_url(url, allow_loopback=False)

    @pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
    def test_a_url_of_a_forbidden_address_is_refused(self, address):
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(ForbiddenTargetError):
            check_url(f"https://{host}/", allow_loopback=False)

    @pytest.mark.parametrize(
        "url",
        [
            "https://hook.example/a?b=c@d#e",
            "http://hook.example:8080/",
            "HTTPS://Hook.Example/",
            "https://hook_1.example./",
            "https://bücher.example/",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]:8443/",
            "https://hook.example/" + "a" * 2000,
        ],
    )
    def test_an_ordinary_url_is_read(self, url):
        assert check_url(url, allow_loopback=False).scheme in {"http", "https"}

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://[::1]:8080/"])
    def test_this_machine_may_be_named_where_the_profile_says_so(self, url):
        assert check_url(url, allow_loopback=True).port == 8080

    @pytest.mark.parametrize(
        "url", ["http://127.1/", "http://2130706433/", "http://10.0.0.1/", "http://u:p@localhost/"]
    )
    def test_allowing_loopback_allows_no_odd_spelling_of_it(self, url):
        with pytest.raises(ForbiddenTargetError):
            check_url(url, allow_loopback=True)

    def test_a_refusal_never_repeats_the_secret_parts_of_a_url(self):
        with pytest.raises(ForbiddenTargetError) as refusal:
            check_url("http://user:hunter2@10.0.0.1/services/T0/B0/s3cret", allow_loopback=False)
        assert "hunter2" not in str(refusal.value)
        assert "s3cret" not in str(refusal.value)

    @given(st.text() | st.text(max_size=30).map("http://{}/".format) | st.text(max_size=30).map("https://a.{}".format))
    def test_any_text_is_either_read_or_refused_with_a_sentence(self, text):
        url, refusal = None, ""
        try:
            url = check_url(text, allow_loopback=False)
        except ForbiddenTargetError as error:
            refusal = str(error)
        assert refusal.startswith("the URL") or (url.scheme in {"http", "https"} and url.raw_host and not url.user)


class TestConnections:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001"])
    async def test_a_url_of_this_machine_is_refused_without_a_connection(self, host):
        async with receiver() as server, GuardedClient(allow_loopback=False) as client:
            with pytest.raises(ForbiddenTargetError):
                await client.request("GET", server.url(host=host))
            assert server.connections == 0

    @pytest.mark.parametrize(
        "answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700:4700::1111", "::1"]]
    )
    async def test_a_name_with_any_forbidden_address_is_refused_without_a_connection(self, answers):
        async with (
            receiver() as server,
            GuardedClient(allow_loopback=False, resolver=FakeResolver(answers)) as client,
        ):
            with pytest.raises(ForbiddenTargetError, match=r"hook\.example leads to a loopback address"):
                await client.request("GET", server.url(host="hook.example"))
            assert server.connections == 0

    async def test_a_refusal_does_not_tell_what_our_name_service_knows(self):
        async with GuardedClient(allow_loopback=False, resolver=FakeResolver(["10.1.2.3"])) as client:
            with pytest.raises(ForbiddenTargetError) as refusal:
                await client.request("GET", "http://database.internal.example/")
        assert "10.1.2.3" not in str(refusal.value)

    async def test_a_name_that_also_leads_elsewhere_inside_is_refused_even_where_loopback_is_allowed(self):
        resolver = FakeResolver(["127.0.0.1", "169.254.169.254"])
        async with receiver() as server, GuardedClient(allow_loopback=True, resolver=resolver) as client:
            with pytest.raises(ForbiddenTargetError):
                await client.request("GET", server.url(host="hook.example"))
            assert server.connections == 0

    async def test_a_name_is_asked_for_once_and_the_connection_goes_to_the_judged_answer(self):
        resolver = FakeResolver(["127.0.0.1"], ["10.0.0.1"])
        async with receiver() as server, GuardedClient(allow_loopback=True, resolver=resolver) as client:
            assert (await client.request("GET", server.url(host="hook.example"))).status == 200
            assert server.requests[0][0]["host"] == f"hook.example:{server.port}"
        assert resolver.lookups == 1

    async def test_a_name_that_changes_its_mind_is_judged_again(self):
        resolver = FakeResolver(["127.0.0.1"], ["10.0.0.1"])
        async with receiver() as server, GuardedClient(allow_loopback=True, resolver=resolver) as client:
            await client.request("GET", server.url(host="hook.example"))
            client._session.connector.clear_dns_cache()
            with pytest.raises(ForbiddenTargetError):
                await client.request("GET", server.url(host="hook.example"))
            assert server.connections == 1

    async def test_the_socket_itself_judges_an_address_that_nobody_looked_up(self):
        async with receiver() as server, guarded_session(allow_loopback=False) as session:
            with pytest.raises(ForbiddenTargetError):
                await session.get(server.url())
            assert server.connections == 0

    @pytest.mark.parametrize("status", REDIRECTS)
    async def test_a_redirect_is_an_answer_and_is_not_followed(self, status):
        async with receiver() as inner:
            redirect = answer(f"HTTP/1.1 {status} Elsewhere", f"Location: {inner.url()}")
            async with receiver(redirect) as outer, GuardedClient(allow_loopback=True) as client:
                assert (await client.request("POST", outer.url(), body=b"{}")).status == status
                assert (outer.connections, inner.connections) == (1, 0)

    async def test_a_proxy_of_the_environment_is_not_used(self, monkeypatch):
        async with receiver() as proxy, receiver() as server, GuardedClient(allow_loopback=True) as client:
            monkeypatch.setenv("HTTP_PROXY", proxy.url("/"))
            monkeypatch.setenv("http_proxy", proxy.url("/"))
            await client.request("GET", server.url())
            assert (proxy.connections, server.connections) == (0, 1)

    async def test_cookies_are_not_kept(self):
        async with (
            receiver(answer("HTTP/1.1 200 OK", "Set-Cookie: a=b")) as server,
            GuardedClient(allow_loopback=True, resolver=FakeResolver(["127.0.0.1"])) as client,
        ):
            for _ in range(2):
                await client.request("GET", server.url(host="hook.example"))
            assert ["cookie" in headers for headers, _ in server.requests] == [False, False]


class TestTls:
    async def test_the_host_is_named_and_its_certificate_checked(self, tmp_path):
        pem = tmp_path / "hook.pem"
        pem.write_text(CERTIFICATE)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        named = []
        context.sni_callback = lambda _socket, name, _context: named.append(name)
        resolver = FakeResolver(["127.0.0.1"])
        async with (
            receiver(tls=context) as server,
            GuardedClient(allow_loopback=True, resolver=resolver) as client,
        ):
            with pytest.raises(UnansweredError, match=r"the certificate of hook\.example is not valid"):
                await client.request("GET", server.url(host="hook.example", scheme="https"))
            assert named == ["hook.example"]
            assert server.requests == []

    async def test_a_server_without_tls_is_no_https_server(self):
        async def greet(_, writer):
            writer.write(OK)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, GuardedClient(allow_loopback=True) as client:
            with pytest.raises(UnansweredError, match="cannot connect"):
                await client.request("GET", f"https://127.0.0.1:{port}/")


class TestAnswers:
    async def test_an_answer_has_status_headers_and_body(self):
        async with (
            receiver(answer("HTTP/1.1 429 Slow down", "Retry-After: 7", "X: 1", "X: 2", body=b"later")) as server,
            GuardedClient(allow_loopback=True) as client,
        ):
            given_back = await client.request("POST", server.url(), headers={"a": "b"}, body=b"{}")
            assert (given_back.status, given_back.headers["retry-after"], given_back.body) == (429, "7", b"later")
            assert given_back.headers["x"] == "1"
            headers, body = server.requests[0]
            assert (headers["a"], body) == ("b", b"{}")

    @pytest.mark.parametrize(
        ("encoding", "body", "plain"),
        [
            ("gzip", gzip.compress(b"thank you"), b"thank you"),
            ("deflate", zlib.compress(b"thank you"), b"thank you"),
            ("identity", b"thank you", b"thank you"),
            ("br", b"\x0b\x04\x80thank you\x03", b""),
            ("gzip", b"not gzip at all", b""),
        ],
    )
    async def test_a_compressed_body_is_unpacked_and_one_that_cannot_be_does_not_spoil_the_answer(
        self, encoding, body, plain
    ):
        async with (
            receiver(answer("HTTP/1.1 200 OK", f"Content-Encoding: {encoding}", body=body)) as server,
            GuardedClient(allow_loopback=True) as client,
        ):
            given_back = await client.request("GET", server.url())
            assert (given_back.status, given_back.body) == (200, plain)

    async def test_a_gzip_bomb_is_cut(self):
        bomb = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=1)
        async with (
            receiver(answer("HTTP/1.1 200 OK", "Content-Encoding: gzip", body=bomb)) as server,
            GuardedClient(allow_loopback=True) as client,
        ):
            given_back = await client.request("GET", server.url())
            assert (given_back.status, len(given_back.body)) == (200, MAX_BODY_BYTES)

    async def test_a_body_without_end_is_cut_and_its_sender_hung_up_on(self):
        async def flood(write, _):
            await write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                await write(b"x" * 65536)

        async with receiver(flood) as server, GuardedClient(allow_loopback=True) as client:
            given_back = await client.request("GET", server.url())
            assert (given_back.status, len(given_back.body)) == (200, MAX_BODY_BYTES)
            await server.hung_up.wait()

    async def test_a_dripping_body_is_cut_at_the_deadline_and_the_status_stands(self):
        async def drip(write, _):
            await write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                await write(b".")
                await asyncio.sleep(0.02)

        async with receiver(drip) as server, GuardedClient(allow_loopback=True, total_seconds=1) as client:
            assert (await client.request("GET", server.url())).status == 200
            await server.hung_up.wait()

    async def test_a_body_that_breaks_off_leaves_the_status_standing(self):
        async with (
            receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npartial") as server,
            GuardedClient(allow_loopback=True) as client,
        ):
            given_back = await client.request("GET", server.url())
            assert (given_back.status, given_back.body) == (200, b"partial")

    async def test_http_1_0_is_understood(self):
        async with receiver(b"HTTP/1.0 204 Fine\r\n\r\n") as server, GuardedClient(allow_loopback=True) as client:
            assert (await client.request("POST", server.url(), body=b"{}")).status == 204

    async def test_a_connection_is_used_again(self):
        async def keep(write, _):
            await write(OK)
            await asyncio.Event().wait()

        async with receiver(keep) as server, GuardedClient(allow_loopback=True) as client:
            await client.request("GET", server.url())
            assert len(client._session.connector._conns) == 1


class TestNoAnswer:
    async def _error(self, misbehave, total_seconds=0.5):
        client = GuardedClient(allow_loopback=True, total_seconds=total_seconds)
        async with receiver(misbehave) as server, client:
            with pytest.raises(UnansweredError) as error:
                await client.request("POST", server.url(), body=b"{}")
            return str(error.value)

    async def test_a_server_that_never_answers_runs_into_the_deadline(self):
        async def silence(write, _):
            await asyncio.Event().wait()

        assert await self._error(silence) == "127.0.0.1 did not answer within 0.5 s"

    async def test_a_storm_of_interim_answers_runs_into_the_deadline(self):
        async def storm(write, _):
            while True:
                await write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await asyncio.sleep(0)

        assert "did not answer" in await self._error(storm)

    async def test_dripping_headers_run_into_the_deadline(self):
        async def drip(write, _):
            await write(b"HTTP/1.1 200 OK\r\n")
            while True:
                await write(b"a: b\r\n")
                await asyncio.sleep(0.1)

        assert "did not answer" in await self._error(drip)

    @pytest.mark.parametrize(
        "nonsense",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"220 mail.example ESMTP\r\n",
            b"HTTP/1.1 200 OK\r\nA: " + b"a" * 1024 * 1024 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
        ],
        ids=["hangs up", "half the headers", "not HTTP", "a header of 1 MiB", "100,000 headers"],
    )
    async def test_what_is_no_http_is_no_answer(self, nonsense):
        assert "broke off, or did not answer in HTTP" in await self._error(nonsense, total_seconds=15)

    async def test_a_port_where_nobody_listens_is_named(self):
        port = closed_port()
        async with GuardedClient(allow_loopback=True) as client:
            with pytest.raises(UnansweredError, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
                await client.request("GET", f"http://127.0.0.1:{port}/")

    @pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_NODATA])
    async def test_a_name_that_does_not_exist_is_the_targets_fault(self, code):
        resolver = FakeResolver(socket.gaierror(code, "nothing known"))
        async with GuardedClient(allow_loopback=False, resolver=resolver) as client:
            with pytest.raises(UnansweredError, match=r"the host name hook\.example does not exist"):
                await client.request("GET", "http://hook.example/")

    async def test_a_name_without_an_address_does_not_exist(self):
        async with GuardedClient(allow_loopback=False, resolver=FakeResolver([])) as client:
            with pytest.raises(UnansweredError, match="does not exist"):
                await client.request("GET", "http://hook.example/")

    @pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM])
    async def test_a_name_service_that_is_down_is_our_own_fault(self, code):
        resolver = FakeResolver(socket.gaierror(code, "Temporary failure in name resolution"))
        async with GuardedClient(allow_loopback=False, resolver=resolver) as client:
            with pytest.raises(OwnFaultError, match="Temporary failure"):
                await client.request("GET", "http://hook.example/")

    async def test_having_no_file_descriptors_left_is_our_own_fault(self, monkeypatch):
        async with receiver() as server, GuardedClient(allow_loopback=True) as client:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
            try:
                with pytest.raises(OwnFaultError, match="Too many open files"):
                    await client.request("GET", server.url())
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    async def test_a_client_that_was_not_entered_says_so(self):
        with pytest.raises(RuntimeError, match="context manager"):
            await GuardedClient(allow_loopback=True).request("GET", "http://hook.example/")
