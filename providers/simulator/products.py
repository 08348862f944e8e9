"""What is sold for which platform: the stock from which the catalogue grows its price list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """`low` and `high` bound the rate; `lasts` says whether it can drop and be refilled; `weight` is its share."""

    platform: str
    category: str
    name: str
    low: str
    high: str
    link: str
    type: str = "Default"
    lasts: bool = False
    weight: int = 3

    @property
    def is_package(self) -> bool:
        return self.type in ("Package", "Custom Comments Package")


_PROFILE, _POST, _VIDEO, _CHANNEL = "the profile", "the post", "the video", "the channel"

PRODUCTS = (
    Product("Instagram", "Followers", "Followers", "0.25", "6", _PROFILE, lasts=True, weight=10),
    Product("Instagram", "Likes", "Likes", "0.02", "1.8", _POST, lasts=True, weight=8),
    Product("Instagram", "Likes", "Power Likes", "1.2", "14", _POST, weight=2),
    Product("Instagram", "Views", "Reel Views", "0.01", "0.2", "the reel", weight=5),
    Product("Instagram", "Views", "Story Views", "0.03", "0.6", _PROFILE, weight=2),
    Product("Instagram", "Reach", "Reach + Impressions", "0.05", "0.8", _POST),
    Product("Instagram", "Reach", "Saves", "0.04", "0.9", _POST, weight=2),
    Product("Instagram", "Reach", "Shares", "0.05", "1.1", _POST, weight=2),
    Product("Instagram", "Comments", "Custom Comments", "3", "38", _POST, "Custom Comments", weight=4),
    Product("Instagram", "Comments", "Emoji Comments", "1.5", "9", _POST, weight=2),
    Product("Instagram", "Comments", "Comment Likes", "0.4", "4", _POST, "Comment Likes", weight=1),
    Product("Instagram", "Comments", "Comment Replies", "5", "40", _POST, "Comment Replies", weight=1),
    Product("Instagram", "Packages", "Starter pack: 500 likes + 5,000 views", "1.2", "4", _POST, "Package", weight=2),
    Product("Instagram", "Packages", "10 comments pack", "0.4", "2", _POST, "Custom Comments Package", weight=1),
    Product("Instagram", "Auto likes", "Auto Likes on new posts", "0.3", "3", _PROFILE, "Subscriptions", weight=2),
    Product("Instagram", "Mentions", "Mentions of a hashtag's users", "2", "9", _POST, "Mentions Hashtag", weight=1),
    Product("Instagram", "Mentions", "Mentions, custom list", "3", "12", _POST, "Mentions Custom List", weight=1),
    Product("Instagram", "Mentions", "Mentions of an account's followers", "2", "9", _POST, "Mentions User Followers"),
    Product("Instagram", "Mentions", "Mentions of a post's likers", "2", "9", _POST, "Mentions Media Likers", weight=1),
    Product("Instagram", "Mentions", "Mentions with hashtags", "3", "11", _POST, "Mentions with Hashtags", weight=1),
    Product("Instagram", "Mentions", "Mentions, usernames", "3", "10", _POST, "Mentions", weight=1),
    Product("TikTok", "Followers", "Followers", "0.6", "8", _PROFILE, lasts=True, weight=9),
    Product("TikTok", "Likes", "Likes", "0.05", "2.4", _VIDEO, lasts=True, weight=6),
    Product("TikTok", "Views", "Views", "0.01", "0.09", _VIDEO, weight=6),
    Product("TikTok", "Engagement", "Shares", "0.04", "0.9", _VIDEO, weight=2),
    Product("TikTok", "Engagement", "Saves", "0.05", "1.2", _VIDEO, weight=2),
    Product("TikTok", "Comments", "Custom Comments", "4", "42", _VIDEO, "Custom Comments", weight=3),
    Product("TikTok", "Live", "Live Viewers, 30 minutes", "1.5", "18", "the live stream", weight=2),
    Product(
        "TikTok", "Packages", "First video pack: 10,000 views + 200 likes", "0.8", "3", _VIDEO, "Package", weight=2
    ),
    Product("YouTube", "Subscribers", "Subscribers", "6", "48", _CHANNEL, lasts=True, weight=6),
    Product("YouTube", "Views", "Views", "0.8", "4.5", _VIDEO, lasts=True, weight=8),
    Product("YouTube", "Views", "Shorts Views", "0.4", "2.6", "the short", weight=4),
    Product("YouTube", "Likes", "Likes", "0.3", "5", _VIDEO, lasts=True, weight=5),
    Product("YouTube", "Watch time", "Watch Hours", "12", "46", _VIDEO, lasts=True, weight=2),
    Product("YouTube", "Comments", "Custom Comments", "6", "48", _VIDEO, "Custom Comments", weight=3),
    Product("YouTube", "Live", "Live Viewers, 60 minutes", "2", "20", "the live stream", weight=2),
    Product("Facebook", "Followers", "Page Followers", "0.3", "5", "the page", lasts=True, weight=6),
    Product("Facebook", "Followers", "Page Likes", "0.6", "7", "the page", lasts=True, weight=4),
    Product("Facebook", "Likes", "Post Likes", "0.2", "3", _POST, lasts=True, weight=4),
    Product("Facebook", "Views", "Video Views", "0.05", "0.9", _VIDEO),
    Product("Facebook", "Comments", "Custom Comments", "6", "44", _POST, "Custom Comments", weight=2),
    Product("Facebook", "Groups", "Group Members", "0.9", "7", "the group", lasts=True),
    Product("X", "Followers", "Followers", "1.8", "19", _PROFILE, lasts=True, weight=5),
    Product("X", "Likes", "Likes", "0.9", "9", _POST, lasts=True, weight=4),
    Product("X", "Retweets", "Retweets", "1.4", "12", _POST, lasts=True, weight=3),
    Product("X", "Views", "Post Views", "0.01", "0.3", _POST, weight=3),
    Product("X", "Polls", "Poll Votes", "0.7", "6", "the post with the poll", "Poll", weight=1),
    Product("Telegram", "Members", "Channel Members", "0.3", "6", _CHANNEL, lasts=True, weight=7),
    Product("Telegram", "Members", "Members from your groups", "3", "14", _CHANNEL, "Invites from Groups", weight=1),
    Product("Telegram", "Views", "Post Views", "0.01", "0.25", _POST, weight=5),
    Product("Telegram", "Reactions", "Reactions", "0.03", "0.7", _POST, weight=3),
    Product("Telegram", "Polls", "Poll Votes", "0.5", "4", "the post with the poll", "Poll", weight=1),
    Product("Spotify", "Plays", "Track Plays", "0.25", "2.2", "the track", lasts=True, weight=5),
    Product("Spotify", "Followers", "Artist Followers", "0.5", "4", "the artist", lasts=True, weight=3),
    Product("Spotify", "Saves", "Track Saves", "0.6", "3.5", "the track", weight=2),
    Product("Twitch", "Followers", "Followers", "0.7", "7", _CHANNEL, lasts=True, weight=3),
    Product("Twitch", "Live", "Live Viewers, 60 minutes", "4", "32", _CHANNEL, weight=2),
    Product("Twitch", "Views", "Clip Views", "0.1", "1.4", "the clip", weight=2),
    Product("Discord", "Members", "Server Members", "1.5", "16", "the invite", lasts=True, weight=2),
    Product("LinkedIn", "Followers", "Company Followers", "5", "36", "the page", lasts=True, weight=2),
    Product("Threads", "Followers", "Followers", "2", "14", _PROFILE, lasts=True, weight=2),
    Product("Website", "Traffic", "Visitors", "0.2", "3", "the page", "Web Traffic", weight=2),
    Product("Website", "Search", "Search Visits for your keywords", "1", "8", "the page", "SEO", weight=1),
)
