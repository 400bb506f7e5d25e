// Sets of trusted certificates, read from files as they are found on machines.
#include "timed/daemon/trusted_certificates.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>

#include "tests/certificates/certificates.h"
#include "tests/sim/machine.h"

namespace timed::daemon {
namespace {

using test::Identity;

const std::string kSystem = "/etc/ssl/cert.pem", kOtherBundle = "/etc/pki/bundle.pem", kDirectory = "/etc/ssl/certs";

class TrustedCertificatesTest : public testing::Test {
 protected:
  void trust(std::uint32_t set, const std::string& path) { options_.trusted.push_back({set, path}); }
  // Certificates in a set; nothing where there is none.
  std::size_t size(std::uint32_t set) {
    const nts::TrustStore* const found = trusted_.set(set);
    return found == nullptr ? 0 : found->size();
  }
  sim::SimFiles& files() { return machine_.files(); }

  const Identity one_ = Identity::authority("one"), other_ = Identity::authority("other");
  sim::World world_{1};
  sim::Shared shared_{world_};
  sim::Machine machine_{shared_, {.name = "client"}};
  const sim::LogScope scope_{world_, machine_.log()};
  nts::NtsClientOptions options_;
  TrustedCertificates trusted_{options_, machine_.files(), {{kSystem, kOtherBundle}, {"/etc/absent", kDirectory}}};
};

TEST_F(TrustedCertificatesTest, ThoseOfTheSystemAreInSetZeroAlone) {
  files().put(kSystem, one_.certificate() + other_.certificate());
  files().put("/mine.pem", one_.certificate());
  trust(7, "/mine.pem");
  EXPECT_EQ(size(0), 2u);
  EXPECT_EQ(size(7), 1u);
  EXPECT_EQ(trusted_.set(8), nullptr) << "nobody has named it";
}

TEST_F(TrustedCertificatesTest, ThoseOfTheSystemAreWhereTheFirstPlaceHasSome) {
  files().put(kDirectory + "/one.0", one_.certificate());
  files().put(kDirectory + "/other.0", other_.certificate());
  files().put(kDirectory + "/third.pem", Identity::authority("third").certificate());
  EXPECT_EQ(size(0), 3u) << "no file has them";
  trusted_.forget_all();
  files().put(kOtherBundle, one_.certificate() + other_.certificate());
  EXPECT_EQ(size(0), 2u) << "a file goes before directories";
  EXPECT_EQ(machine_.log().count("Could not"), 0u) << "it is nothing wrong that others are not there";
  trusted_.forget_all();
  files().put(kSystem, "emptied");
  EXPECT_EQ(size(0), 2u);
  EXPECT_EQ(machine_.log().count("Could not use " + kSystem), 1u) << machine_.log().to_string();
  trusted_.forget_all();
  files().put(kSystem, one_.certificate());
  EXPECT_EQ(size(0), 1u) << "one place is enough";
}

TEST_F(TrustedCertificatesTest, ThatTheSystemHasNoneIsTold) {
  EXPECT_EQ(trusted_.set(0), nullptr);
  EXPECT_EQ(machine_.log().count("Could not find certificates of the system"), 1u) << machine_.log().to_string();
  EXPECT_EQ(machine_.log().lines().size(), 1u);
}

TEST_F(TrustedCertificatesTest, ThePlacesOfTheSystemBeginWithThoseOfOpenssl) {
  const nts::SystemCertificates places = nts::system_certificates();
  EXPECT_EQ(places.files.front(), X509_get_default_cert_file());
  EXPECT_EQ(places.directories.front(), X509_get_default_cert_dir());
  for (const char* known : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                            "/var/lib/ca-certificates/ca-bundle.pem"}) {
    EXPECT_EQ(std::count(places.files.begin(), places.files.end(), known), 1) << known;
  }
}

TEST_F(TrustedCertificatesTest, ThoseOfTheSystemCanBeLeftOut) {
  files().put(kSystem, one_.certificate());
  options_.no_system_certificates = true;
  EXPECT_EQ(trusted_.set(0), nullptr);
  trust(0, "/mine.pem");
  files().put("/mine.pem", other_.certificate());
  trusted_.forget_all();
  EXPECT_EQ(size(0), 1u);
}

TEST_F(TrustedCertificatesTest, LinesOfASetAddUp) {
  options_.no_system_certificates = true;
  files().put("/one.pem", one_.certificate());
  files().put("/other.pem", other_.certificate());
  trust(0, "/one.pem");
  trust(0, "/other.pem");
  trust(1, "/other.pem");
  EXPECT_EQ(size(0), 2u);
  EXPECT_EQ(size(1), 1u);
}

TEST_F(TrustedCertificatesTest, ADirectoryGivesWhatItHasAndTellsNobodyOfTheRest) {
  files().put("/certs/one.pem", one_.certificate());
  files().put("/certs/other.without-ending", other_.certificate());
  files().put("/certs/README", "no certificate");
  files().put("/certs/below/one.pem", one_.certificate());
  trust(1, "/certs");
  EXPECT_EQ(size(1), 2u);
  EXPECT_EQ(machine_.log().lines().size(), machine_.log().count("README")) << machine_.log().to_string();
  for (const sim::LogLine& line : machine_.log().lines()) EXPECT_EQ(line.severity, log::Severity::Debug);
}

TEST_F(TrustedCertificatesTest, AFileOfNoUseIsToldOfByItsName) {
  files().put("/broken.pem", "no certificate");
  trust(1, "/broken.pem");
  trust(1, "/absent.pem");
  EXPECT_EQ(trusted_.set(1), nullptr);
  EXPECT_EQ(machine_.log().count("Could not use /broken.pem : No certificate in PEM form"), 1u)
      << machine_.log().to_string();
  EXPECT_EQ(machine_.log().count("Could not open /absent.pem"), 1u) << machine_.log().to_string();
}

TEST_F(TrustedCertificatesTest, StayUntilTheyAreForgottenAndAreReadAnewThen) {
  files().put("/mine.pem", one_.certificate());
  trust(1, "/mine.pem");
  const nts::TrustStore* const first = trusted_.set(1);
  files().put("/mine.pem", one_.certificate() + other_.certificate());
  EXPECT_EQ(trusted_.set(1), first);
  EXPECT_EQ(size(1), 1u);
  trusted_.forget_all();
  EXPECT_EQ(size(1), 2u);
}

}  // namespace
}  // namespace timed::daemon
