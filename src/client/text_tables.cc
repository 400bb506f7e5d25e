#include "timed/client/text_tables.h"

#include <span>

#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"

namespace timed::client::text {
namespace {

constexpr int kSourcesName = 27;
constexpr int kStatsName = 25;

int name_width(int narrow, bool wide) {
  return narrow + (wide ? static_cast<int>(kWider) : 0);
}

std::string header(std::string_view name, std::string_view columns, bool wide) {
  std::string line(name);
  if (wide) line.append(kWider, ' ');
  line += columns;
  const std::string rule(line.size(), '=');
  return line + "\n" + rule + "\n";
}

// A remark and the column that it points down to, counted without -w.
struct Pointer {
  std::size_t column;
  std::string_view remark;
};

constexpr std::size_t kCorner = 3;  // " -."

constexpr bool fits(std::span<const Pointer> all, std::size_t margin) {
  for (const Pointer& pointer : all) {
    if (pointer.column < margin + pointer.remark.size() + kCorner - 1) return false;
  }
  return true;
}

// One line a pointer, from the rightmost to the leftmost, so that no remark crosses the line of another.
std::string pointers(std::string_view margin, std::span<const Pointer> all, bool wide) {
  const std::size_t shift = wide ? kWider : 0;
  std::string block;
  for (std::size_t i = all.size(); i-- > 0;) {
    const std::size_t corner = all[i].column + shift;
    std::string line(margin);
    line.append(corner + 1 - margin.size() - all[i].remark.size() - kCorner, ' ');
    line += all[i].remark;
    line += " -.";
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      line.append(all[j].column + shift - line.size(), ' ');
      line += '|';
    }
    block += line + "\n";
  }
  return block;
}

}  // namespace

std::string sources_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {33, "Stratum of the source"},
      {37, "Poll interval, log2 of seconds"},
      {43, "Last eight polls as octal bits"},
      {49, "Time since the last sample"},
      {55, "Last offset, corrected for slews since"},
      {63, "Last offset as measured, + = local clock fast"},
      {75, "Error bound: half the root delay + root dispersion"},
  };
  static constexpr std::string_view kMargin = "||";
  static_assert(fits(kPointers, kMargin.size()));
  return ".- Mode: ^ server, = peer, # reference clock\n"
         "|.- State: * selected, + combined, - selectable but not combined,\n"
         "||         ? not selectable, x falseticker, ~ too variable\n" +
         pointers(kMargin, kPointers, wide);
}

std::string sources_header(bool wide) {
  return header("MS Name/IP address", "         Stratum Poll Reach LastRx Last sample               ", wide);
}

std::string sources_row(const control::SourceDataReply& r, std::string_view name, bool wide) {
  return format("%c%c %-*s  %2d  %2d   %3o  %s  %s[%s] +/- %s\n", mode_character(r.mode), status_character(r.status),
                name_width(kSourcesName, wide), std::string(name).c_str(), int{r.stratum}, int{r.poll},
                unsigned{r.reachability}, interval(r.since_sample).c_str(), signed_offset(-r.adjusted).c_str(),
                signed_offset(-r.measured).c_str(), offset_size(r.error).c_str());
}

std::string sourcestats_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {28, "Samples in use"},
      {32, "Runs of one sign in them"},
      {38, "Time that they span"},
      {49, "Frequency left, + = local clock fast"},
      {60, "Bound of its error"},
      {69, "Offset now, + = local clock fast"},
      {77, "Standard deviation of the samples"},
  };
  static_assert(fits(kPointers, 0));
  return pointers("", kPointers, wide);
}

std::string sourcestats_header(bool wide) {
  return header("Name/IP Address", "            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev", wide);
}

std::string sourcestats_row(const control::SourcestatsReply& r, std::string_view name, bool wide) {
  return format("%-*s %3u %3u  %s %s %s  %s  %s\n", name_width(kStatsName, wide), std::string(name).c_str(), r.samples,
                r.runs, interval(r.span_seconds).c_str(), signed_ppm(-r.frequency_ppm).c_str(), ppm(r.skew_ppm).c_str(),
                signed_offset(-r.offset).c_str(), offset_size(r.std_dev).c_str());
}

std::string selectdata_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {28, "Authenticated"},
      {32, "Options as configured"},
      {38, "Options in effect"},
      {44, "Time since the last sample"},
      {49, "Score beside the selected one"},
      {56, "Least offset it may have"},
      {64, "Greatest offset, + = local clock fast"},
      {70, "Leap status: N none, + insert, - delete, ? unknown"},
  };
  static constexpr std::string_view kMargin = "|";
  static_assert(fits(kPointers, kMargin.size()));
  return ".- State: * selected, + combined, N noselect, M samples missing,\n"
         "|  s not synchronised, r stratum not allowed, d root distance too big,\n"
         "|  ~ too variable, w waits for others, S stale, O orphan, T not trusted,\n"
         "|  x falseticker, W waits for more sources, P not preferred,\n"
         "|  U waits for an update, D distant, L outlier\n"
         "|  Options: N noselect, P prefer, T trust, R require\n" +
         pointers(kMargin, kPointers, wide);
}

std::string selectdata_header(bool wide) {
  return header("S Name/IP Address", "        Auth COpts EOpts Last Score     Interval  Leap", wide);
}

std::string selectdata_row(const control::SelectDataReply& r, std::string_view name, bool wide) {
  // What is least in our sign is greatest in chrony's.
  return format("%c %-*s %c %s %s %s %5.1f %s %s  %c\n", r.state, name_width(kStatsName, wide),
                std::string(name).c_str(), r.authenticated ? 'Y' : 'N', marks_text(r.configured).c_str(),
                marks_text(r.effective).c_str(), interval(r.since_sample).c_str(), r.score,
                signed_offset(-r.high).c_str(), signed_offset(-r.low).c_str(), leap_character(r.leap));
}

std::string authdata_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {30, "- none, SK key, NTS"},
      {35, "Number of the key"},
      {41, "Its algorithm as a number"},
      {46, "Its length in bits"},
      {51, "Time since keys were established"},
      {56, "Attempts since then"},
      {61, "Whether a NAK has come since"},
      {66, "Cookies in store"},
      {71, "Their length in octets"},
  };
  static_assert(fits(kPointers, 0));
  return pointers("", kPointers, wide);
}

std::string authdata_header(bool wide) {
  return header("Name/IP address", "             Mode KeyID Type KLen Last Atmp  NAK Cook CLen", wide);
}

std::string authdata_row(const control::AuthDataReply& r, std::string_view name, bool wide) {
  return format("%-*s %4s %5u %4u %4u %s %4u %4u %4u %4u\n", name_width(kSourcesName, wide), std::string(name).c_str(),
                std::string(auth_mode_text(r.mode)).c_str(), r.key_id, unsigned{r.key_type}, unsigned{r.key_bits},
                interval(r.since_establishment).c_str(), unsigned{r.establishment_attempts}, unsigned{r.nak},
                unsigned{r.cookies}, unsigned{r.cookie_length});
}

std::string clients_header(ClientColumns columns, bool wide) {
  const bool commands = columns == ClientColumns::Commands;
  return header("Hostname",
                std::string("                      NTP   Drop Int IntL Last  ") + (commands ? "   Cmd" : "NTS-KE") +
                    "   Drop Int  Last",
                wide);
}

std::string clients_row(const control::ClientAccessesReply::Client& r, std::string_view name, ClientColumns columns,
                        bool wide) {
  const bool commands = columns == ClientColumns::Commands;
  return format("%-*s  %6u  %5u  %s  %s  %s  %6u  %5u  %s  %s\n", name_width(kStatsName, wide),
                std::string(name).c_str(), r.ntp_hits, r.ntp_drops, exponent_text(r.ntp_interval).c_str(),
                exponent_text(r.limited_interval).c_str(), interval(r.since_ntp).c_str(),
                commands ? r.cmd_hits : r.nke_hits, commands ? r.cmd_drops : r.nke_drops,
                exponent_text(commands ? r.cmd_interval : r.nke_interval).c_str(),
                interval(commands ? r.since_cmd : r.since_nke).c_str());
}

std::string manual_list(const control::ManualListReply& r) {
  std::string out = format("210 n_samples = %zu\n", r.entries.size());
  out += header("#    Date     Time(UTC)", "    Slewed   Original   Residual", false);
  std::size_t index = 0;
  for (const auto& entry : r.entries) {
    out += format("%2zu %s %10.2f %10.2f %10.2f\n", index++, timestamp_text(entry.when).c_str(),
                  -entry.slewed.to_seconds(), -entry.original.to_seconds(), -entry.residual.to_seconds());
  }
  return out;
}

}  // namespace timed::client::text
