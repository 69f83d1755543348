// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/control_socket.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <optional>
#include <vector>

#include "daemon/io/clock.h"
#include "daemon/io/file.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

class ControlSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listening = listen_at(path_);
    ASSERT_TRUE(listening) << listening.error().message;
    control_.emplace(
        loop_, std::move(*listening),
        [this](std::string_view command, ControlSocket::Reply reply) {
          if (command == "later")
            later_ = std::move(reply);
          else
            reply(answer_(command));
        },
        [this](std::string_view command) { return open_(command); });
  }
  OwnedFd connect() const {
    OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::memcpy(address.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  void send(const OwnedFd& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // What comes until the end of the connection, or for as long as nothing happens.
  std::string receive(const OwnedFd& fd) {
    std::string text;
    char buffer[4096];
    for (int quiet = 0; quiet < 5;) {
      loop_.run_for(milliseconds(2));
      const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (got == 0) return text + "(end)";
      if (got < 0 && errno != EAGAIN) return text + "(cut)";
      quiet = got < 0 ? quiet + 1 : 0;
      if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

  const TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "run/control";
  EventLoop loop_;
  ControlSocket::OpenStream open_ = [](std::string_view) { return ControlSocket::Stream(); };
  ControlSocket::Reply later_;
  std::function<std::string(std::string_view)> answer_ = [](std::string_view command) {
    return "[\"" + std::string(command) + "\"]";
  };
  std::optional<ControlSocket> control_;
};

TEST_F(ControlSocketTest, AnAnswerMayComeLater) {
  const OwnedFd fd = connect();
  const OwnedFd gone = connect();
  send(fd, "sixgate 1 later\n");
  EXPECT_EQ(receive(fd), "");
  ControlSocket::Reply first = std::exchange(later_, {});
  ASSERT_TRUE(first);
  first("{}");
  EXPECT_EQ(receive(fd), "{}\n(end)");
  first("again");  // nobody is there
  send(gone, "sixgate 1 later\n");
  EXPECT_EQ(receive(gone), "");
  control_.reset();
  ASSERT_TRUE(later_);
  later_("too late");
}

TEST_F(ControlSocketTest, AnswersOneLineWithOneLine) {
  const OwnedFd client = connect();
  send(client, "sixgate 1 status\n");
  EXPECT_EQ(receive(client), "[\"status\"]\n(end)");
  loop_.run_for(milliseconds(2));
  EXPECT_EQ(control_->clients(), 0U);
}

TEST_F(ControlSocketTest, WaitsForTheWholeLine) {
  const OwnedFd client = connect();
  send(client, "sixgate 1 st");
  EXPECT_EQ(receive(client), "");
  send(client, "atus\n");
  EXPECT_EQ(receive(client), "[\"status\"]\n(end)");
}

TEST_F(ControlSocketTest, RefusesAnotherVersionOfTheProtocol) {
  const OwnedFd client = connect();
  send(client, "sixgate 2 status\n");
  const std::string answer = receive(client);
  EXPECT_EQ(answer.find("{\"schema\":1,\"error\":\""), 0U) << answer;
}

TEST_F(ControlSocketTest, RefusesARequestWithoutEnd) {
  const OwnedFd client = connect();
  send(client, std::string(1000, 'x'));
  EXPECT_EQ(receive(client).find("{\"schema\":1,\"error\":\"the request is too long\"}"), 0U);
}

TEST_F(ControlSocketTest, GivesALargeAnswerToASlowReader) {
  const std::string large(3 << 20, 'j');
  answer_ = [&](std::string_view) { return large; };
  const OwnedFd client = connect();
  send(client, "sixgate 1 status\n");
  for (int i = 0; i < 5; ++i) loop_.run_for(milliseconds(2));
  EXPECT_EQ(receive(client).size(), large.size() + 1 + std::string("(end)").size());
}

TEST_F(ControlSocketTest, ServesManyAtOnceAndForgetsThoseWhoLeave) {
  std::vector<OwnedFd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(connect());
  for (const OwnedFd& client : clients) send(client, "sixgate 1 status\n");
  for (const OwnedFd& client : clients) EXPECT_EQ(receive(client), "[\"status\"]\n(end)");
  clients.clear();
  { const OwnedFd gone = connect(); }
  for (int i = 0; i < 10; ++i) loop_.run_for(milliseconds(2));
  EXPECT_EQ(control_->clients(), 0U);
}

TEST_F(ControlSocketTest, OneTooManyCutsOffTheOldest) {
  std::vector<OwnedFd> clients;
  for (std::size_t i = 0; i <= ControlSocket::kMostClients; ++i) {
    clients.push_back(connect());
    loop_.run_for(milliseconds(20));
  }
  EXPECT_EQ(control_->clients(), ControlSocket::kMostClients);
  EXPECT_EQ(receive(clients.front()), "(end)");
  send(clients.back(), "sixgate 1 status\n");
  EXPECT_EQ(receive(clients.back()), "[\"status\"]\n(end)");
}

TEST_F(ControlSocketTest, AListenerHearsWhatHappensUntilItGoes) {
  std::vector<std::string> said{"[1]"};
  open_ = [&](std::string_view command) {
    if (command != "events") return ControlSocket::Stream();
    return ControlSocket::Stream([&, next = std::size_t{0}]() mutable {
      return next < said.size() ? std::optional(said[next++]) : std::nullopt;
    });
  };
  OwnedFd client = connect();
  send(client, "sixgate 1 events\n");
  EXPECT_EQ(receive(client), "[1]\n");
  said.insert(said.end(), {"[2]", "[3]"});
  EXPECT_EQ(receive(client), "") << "nobody has woken it";
  control_->wake();
  EXPECT_EQ(receive(client), "[2]\n[3]\n");
  const OwnedFd another = connect();
  send(another, "sixgate 1 status\n");
  EXPECT_EQ(receive(another), "[\"status\"]\n(end)");
  client = OwnedFd();
  for (int i = 0; i < 10; ++i) loop_.run_for(milliseconds(2));
  EXPECT_EQ(control_->clients(), 0U);
  control_->wake();
}

TEST_F(ControlSocketTest, ASlowListenerGoesOnWhereItWas) {
  const std::string line(100'000, 'x');
  std::size_t left = 50;
  open_ = [&](std::string_view) {
    return ControlSocket::Stream(
        [&] { return left > 0 ? (--left, std::optional(line)) : std::nullopt; });
  };
  const OwnedFd client = connect();
  send(client, "sixgate 1 events\n");
  for (int i = 0; i < 5; ++i) loop_.run_for(milliseconds(2));
  EXPECT_GT(left, 0U) << "what it does not take is not fetched";
  control_->wake();
  EXPECT_EQ(receive(client).size(), 50 * (line.size() + 1));
  EXPECT_EQ(left, 0U);
}

TEST_F(ControlSocketTest, ListenersLeaveRoomForQuestions) {
  open_ = [](std::string_view command) {
    return command == "events" ? ControlSocket::Stream([] { return std::optional<std::string>(); })
                               : ControlSocket::Stream();
  };
  std::vector<OwnedFd> listeners;
  for (std::size_t i = 0; i < ControlSocket::kMostListeners; ++i) {
    listeners.push_back(connect());
    send(listeners.back(), "sixgate 1 events\n");
    EXPECT_EQ(receive(listeners.back()), "");
  }
  const OwnedFd refused = connect();
  send(refused, "sixgate 1 events\n");
  EXPECT_NE(receive(refused).find("too many are listening"), std::string::npos);
  std::vector<OwnedFd> idle;
  for (std::size_t i = 0; i < ControlSocket::kMostClients; ++i) {
    idle.push_back(connect());
    loop_.run_for(milliseconds(20));
  }
  EXPECT_EQ(receive(listeners.front()), "") << "it is not the one that makes room";
  EXPECT_EQ(receive(idle.front()), "(end)");
}

TEST_F(ControlSocketTest, IsForOwnerAndGroupOnly) {
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0660U);
}

TEST_F(ControlSocketTest, RefusesAPlaceWhereSomebodyAnswers) {
  const auto refused = listen_at(path_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("another sixgated answers there"), std::string::npos);
}

TEST_F(ControlSocketTest, TakesThePlaceOfOneThatIsNoMore) {
  control_.reset();
  EXPECT_TRUE(listen_at(path_));
}

TEST_F(ControlSocketTest, NeverRemovesWhatIsNotASocket) {
  const std::string other = temporary_ / "file";
  ASSERT_TRUE(replace_file(other, "mine"));
  EXPECT_FALSE(listen_at(other));
  EXPECT_EQ(*read_file(other, 10), "mine");
  EXPECT_FALSE(listen_at(std::string(200, 'p')));
}

}  // namespace
}  // namespace sixgate::daemon
