// Says that the token was wrong, where the server sent us back for that.
document.getElementById('wrong').hidden = location.search !== '?wrong';
